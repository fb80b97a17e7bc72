import { ManifestError } from "./error.ts";
import { asText, type Decoder, fieldsOf, unexpected } from "./fields.ts";
import type { Source } from "./model.ts";

// SemVer 2.0.0, section "Is there a suggested regular expression".
const exactVersion =
  /^(?:0|[1-9]\d*)\.(?:0|[1-9]\d*)\.(?:0|[1-9]\d*)(?:-(?:0|[1-9]\d*|\d*[A-Za-z-][\dA-Za-z-]*)(?:\.(?:0|[1-9]\d*|\d*[A-Za-z-][\dA-Za-z-]*))*)?(?:\+[\dA-Za-z-]+(?:\.[\dA-Za-z-]+)*)?$/;

/** A component's `source`: a path, a URL with its digest, or a package with its version. */
export const asSource: Decoder<Source> = (value, what) => {
  const { line } = value;
  if (value.kind === "string") {
    if (!/^\s*https?:[/\\]/i.test(value.value)) return { kind: "local", line, path: value.value };
    throw new ManifestError(line, `${what} is a web address; write it as { url = "…", digest = "sha256:…" }`);
  }
  if (value.kind !== "table") {
    throw unexpected(value, what, "a path, a table { url, digest } or a table { package, version }");
  }
  if (value.entries.has("url")) {
    const fields = fieldsOf(value, what, ["url", "digest"]);
    return {
      kind: "url",
      line,
      url: fields.required("url", asPublicUrl),
      digest: requireSha256(fields.required("digest", asText), line, what),
    };
  }
  if (!value.entries.has("package")) {
    throw new ManifestError(line, `${what} must have either url and digest, or package and version`);
  }
  const fields = fieldsOf(value, what, ["registry", "package", "version"]);
  fields.optional("registry", asText);
  const name = fields.required("package", asText);
  const version = fields.required("version", asText);
  if (!exactVersion.test(version)) {
    throw new ManifestError(
      line,
      `${what} must name one exact version of ${name}, but "${version}" is not one`,
    );
  }
  return { kind: "package", line, name, version };
};

/**
 * The address of a module. One with a user name or password is refused, and not repeated in the error: a manifest is not
 * a place for secrets, and modules are fetched without credentials.
 */
export const asPublicUrl: Decoder<string> = (value, what) => {
  const text = asText(value, what);
  const url = URL.parse(text);
  // In text that is not a URL, anything before an "@" may be a credential.
  const hasCredentials = url === null ? text.includes("@") : url.username !== "" || url.password !== "";
  if (!hasCredentials) return text;
  throw new ManifestError(
    value.line,
    `${what} contains credentials; remove and revoke them, since everyone who can read the manifest knows them`,
  );
};

/**
 * A digest as manifests give it. Spin checks only the prefix and then compares strings, so any other shape
 * can never match: it is refused here rather than after the download.
 */
export function requireSha256(digest: string, line: number, what: string): string {
  if (/^sha256:[0-9a-f]{64}$/.test(digest)) return digest;
  throw new ManifestError(
    line,
    `the digest of ${what} must be sha256: and 64 lower-case hexadecimal digits, but it is "${digest}"`,
  );
}
