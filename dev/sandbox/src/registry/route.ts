import { type Digest, isDigest } from "@spin-publisher/oci";
import { noSuchEndpoint, type Reply, refusal } from "./reply.ts";

/** What a request is about (distribution-spec §Endpoints). Everything in it is validated. */
export type Route =
  | { readonly kind: "api-version" }
  | { readonly kind: "catalog" }
  | { readonly kind: "token" }
  | { readonly kind: "blob"; readonly repository: string; readonly digest: Digest }
  | { readonly kind: "upload-start"; readonly repository: string }
  | {
      readonly kind: "upload";
      readonly repository: string;
      readonly path: "blobs/uploads" | "blobs/upload";
      readonly session: string;
    }
  | { readonly kind: "manifest"; readonly repository: string; readonly reference: ManifestReference }
  | { readonly kind: "tags"; readonly repository: string }
  | { readonly kind: "referrers"; readonly repository: string; readonly digest: Digest };

export type ManifestReference =
  | { readonly kind: "tag"; readonly tag: string }
  | { readonly kind: "digest"; readonly digest: Digest };

// distribution-spec §Pulling manifests. Written out here instead of imported: the registry must not share a
// mistake with the client that is tested against it.
const component = "[a-z0-9]+(?:(?:\\.|_|__|-+)[a-z0-9]+)*";
const repositoryName = new RegExp(`^${component}(?:/${component})*$`);
const tagName = /^[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}$/;

/** A repository is a folder that holds an OCI image layout; one below another must not be named like its parts. */
const reserved = new Set(["blobs", "index.json", "oci-layout"]);

/**
 * Finds the endpoint by splitting the path from its right end, since names contain slashes.
 *
 * @returns the route, or the error reply where the path is unknown or its name, tag or digest is invalid.
 */
export function parseRoute(method: string, path: string): Route | Reply {
  const decoded = decode(path);
  if (decoded === undefined) return refusal(400, "NAME_INVALID", "the path is not percent-encoded UTF-8");
  if (decoded === "/v2/" || decoded === "/v2") return { kind: "api-version" };
  if (decoded === "/v2/_catalog") return { kind: "catalog" };
  if (decoded === "/token") return { kind: "token" };
  const [, repository, endpoint, rest] =
    /^\/v2\/(.+)\/(blobs\/uploads?|blobs|manifests|referrers|tags)(?:\/([^/]*))?$/.exec(decoded) ?? [];
  if (repository === undefined || rest === undefined) {
    return noSuchEndpoint();
  }
  if (!isRepositoryName(repository)) {
    return refusal(400, "NAME_INVALID", `"${repository}" is not a repository name`);
  }
  switch (endpoint) {
    case "blobs/uploads":
      return rest === ""
        ? { kind: "upload-start", repository }
        : { kind: "upload", repository, path: endpoint, session: rest };
    case "blobs/upload":
      return { kind: "upload", repository, path: endpoint, session: rest };
    case "tags":
      return rest === "list" ? { kind: "tags", repository } : noSuchEndpoint();
    case "manifests":
      return manifestRoute(method, repository, rest);
    default:
      if (!isDigest(rest)) return refusal(400, "DIGEST_INVALID", `"${rest}" is not a digest`);
      return { kind: endpoint === "blobs" ? "blob" : "referrers", repository, digest: rest };
  }
}

export function isRepositoryName(text: string): boolean {
  return (
    text.length <= 255 && repositoryName.test(text) && !text.split("/").some((part) => reserved.has(part))
  );
}

export function isTagName(text: string): boolean {
  return tagName.test(text);
}

function manifestRoute(method: string, repository: string, text: string): Route | Reply {
  if (isDigest(text)) return { kind: "manifest", repository, reference: { kind: "digest", digest: text } };
  if (isTagName(text)) return { kind: "manifest", repository, reference: { kind: "tag", tag: text } };
  if (text.includes(":")) return refusal(400, "DIGEST_INVALID", `"${text}" is not a digest`);
  // A tag that cannot exist is one that does not: asking for it is answered like any other absent one.
  return method === "PUT"
    ? refusal(400, "TAG_INVALID", `"${text}" is not a tag`)
    : refusal(404, "MANIFEST_UNKNOWN", `"${text}" is not known`);
}

function decode(path: string): string | undefined {
  try {
    return decodeURIComponent(path);
  } catch {
    return undefined;
  }
}
