/** @throws Error when a reference has a scheme such as `oci://`, which Helm writes and registries do not know. */
export function requireNoScheme(input: string, text: string): void {
  const [scheme] = /^[a-z][a-z+.-]*:\/\//i.exec(text) ?? [];
  if (scheme === undefined) return;
  throw new Error(
    `Input "${input}" must be a reference such as ghcr.io/owner/site, but it is "${text}"; leave out ${scheme}`,
  );
}
