import type { Dependency } from "../chart/metadata.ts";

/**
 * Chart.yaml and Chart.lock are published with the chart, so an address in them must hold no secret: neither a user name
 * or password nor a query, which signs or carries a token.
 *
 * @throws Error that does not repeat the address.
 */
export function requireNoSecret({ name, repository }: Pick<Dependency, "name" | "repository">): void {
  if (repository.startsWith("file://")) return;
  const url = URL.parse(repository);
  const suspicious =
    url === null
      ? repository.lastIndexOf("@") > 0 || repository.includes("?")
      : hasCredentials(url) || url.search !== "" || url.hash !== "";
  if (!suspicious) return;
  throw new Error(
    `The address of the dependency ${name} contains credentials or a query, which anyone could read in the published chart; remove them, and revoke the credentials.`,
  );
}

export function hasCredentials({ username, password }: URL): boolean {
  return username !== "" || password !== "";
}

/** An address for messages and summaries: without what may be secret. */
export function printable({ protocol, host, pathname }: URL): string {
  return `${protocol}//${host}${pathname}`;
}
