import { type Digest, isDigest } from "./digest.ts";

/** A repository of a registry: `ghcr.io` + `owner/site`. */
export interface Repository {
  /** Host and, unless it is the scheme's default, port. */
  readonly registry: string;
  readonly name: string;
}

/** A repository and what to read in it; a digest takes precedence over a tag. */
export interface Reference extends Repository {
  readonly tag?: string;
  readonly digest?: Digest;
}

const component = "[a-z0-9]+(?:(?:\\.|_|__|-+)[a-z0-9]+)*";
const nameGrammar = new RegExp(`^${component}(?:/${component})*$`);
const tagGrammar = /^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$/;
const hostGrammar =
  /^(?:[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)*|\[[A-Fa-f0-9:.]+\])(?::[0-9]{1,5})?$/;

/** Whether `tag` is legal (distribution-spec §Pulling manifests). */
export function isTag(tag: string): boolean {
  return tagGrammar.test(tag);
}

/**
 * Parses `host[:port]/path[:tag][@digest]` by Docker's de-facto rules: without a host it is on Docker Hub, and a Docker Hub
 * name of one part is below `library/`.
 *
 * @throws Error saying what is wrong and, for upper-case names, the lower-case form to use. It never quotes what may be a
 *   password.
 */
export function parseReference(text: string): Reference {
  requireNoCredentials(text);
  const scheme = /^(?:oci|https?|docker):\/\//i.exec(text)?.[0];
  if (scheme !== undefined) throw malformed(text, `leave out "${scheme}"`);
  const [beforeDigest = "", ...digests] = text.split("@");
  const digest = digests[0];
  if (digests.length > 1 || (digest !== undefined && !isDigest(digest))) {
    throw malformed(text, `"${digests.join("@")}" is not a sha256 digest`);
  }
  const colon = beforeDigest.lastIndexOf(":");
  const hasTag = colon > beforeDigest.lastIndexOf("/");
  const tag = hasTag ? beforeDigest.slice(colon + 1) : undefined;
  if (tag !== undefined && !isTag(tag)) throw malformed(text, `"${tag}" is not a legal tag`);
  const repository = splitHost(hasTag ? beforeDigest.slice(0, colon) : beforeDigest);
  requireLegalNames(repository, text);
  return {
    ...repository,
    ...(tag === undefined ? {} : { tag }),
    ...(digest === undefined ? {} : { digest }),
  };
}

/** @throws Error as `parseReference`, and when `text` carries a tag or a digest. */
export function parseRepository(text: string): Repository {
  const reference = parseReference(text);
  if (reference.tag !== undefined || reference.digest !== undefined) {
    throw malformed(text, "expected a repository without a tag or digest");
  }
  return { registry: reference.registry, name: reference.name };
}

/** `host/path[:tag][@digest]`. */
export function formatReference({ registry, name, tag, digest }: Reference): string {
  return `${registry}/${name}${tag === undefined ? "" : `:${tag}`}${digest === undefined ? "" : `@${digest}`}`;
}

/** What precedes an `@` is a user if a host, rather than a digest, follows; a digest has no slash. */
function requireNoCredentials(text: string): void {
  const parts = text.replace(/@sha\d+:[^/@]*$/, "").split("@");
  const last = parts.at(-1) ?? "";
  const isDigestLike = /^sha\d+:[^/]*$/.test(last);
  if (parts.length < 2 || isDigestLike || (!last.includes("/") && parts[0]?.includes("/"))) return;
  throw new Error(
    `A reference such as ghcr.io/owner/site:0.1.2 must not contain credentials, but there are some before "@${last}". Remove them and set registry-username and registry-password.`,
  );
}

function splitHost(text: string): Repository {
  const slash = text.indexOf("/");
  const first = text.slice(0, slash);
  if (slash > 0 && (first === "localhost" || /[.:]/.test(first))) {
    return { registry: first, name: text.slice(slash + 1) };
  }
  return { registry: "docker.io", name: text.includes("/") ? text : `library/${text}` };
}

function requireLegalNames({ registry, name }: Repository, text: string): void {
  if (!hostGrammar.test(registry)) throw malformed(text, `"${registry}" is not a host`);
  const port = /:(\d+)$/.exec(registry)?.[1];
  if (port !== undefined && (Number(port) < 1 || Number(port) > 65_535)) {
    throw malformed(text, `${port} is not a port (1 to 65535)`);
  }
  if (!nameGrammar.test(name)) {
    const lower = name.toLowerCase();
    const hint = nameGrammar.test(lower)
      ? `names are lower-case; use "${lower}"`
      : `"${name}" is not a repository name`;
    throw malformed(text, hint);
  }
  // distribution-spec §Pulling manifests: many implementations limit host and name to 255 characters together.
  if (registry.length + 1 + name.length > 255) throw malformed(text, "it is longer than 255 characters");
}

function malformed(text: string, reason: string): Error {
  return new Error(`"${text}" is not a reference such as ghcr.io/owner/site:0.1.2: ${reason}.`);
}
