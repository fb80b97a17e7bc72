import type { Reply } from "./reply.ts";

/**
 * How a registry differs from the one this package is by itself. Where it merely refuses in other words, that is a
 * line in `refusals`; where it behaves otherwise, that is a property.
 */
export interface Persona {
  readonly name: string;
  /** A POST with a digest and a body makes the blob. Where not, they are ignored and an upload begins. */
  readonly singlePost: boolean;
  /** The address of an upload carries its state, is absolute, and serves once. */
  readonly uploadState: boolean;
  /** The path below the repository at which uploads are continued. */
  readonly uploadPath: "blobs/uploads" | "blobs/upload";
  /** A chunk must have a Content-Range; elsewhere a chunk without one is appended. */
  readonly checksContentRange: boolean;
  /** The most bytes a chunk with a Content-Range may have. */
  readonly chunkBytes?: number;
  /** A mount without `from` looks in every repository. */
  readonly anonymousMount: boolean;
  /** A mount from a repository that does not exist is a 401, as if credentials were missing. */
  readonly mountDemandsAccess: boolean;
  /** A push by digest may name tags. */
  readonly multiTagPush: boolean;
  /** If-Match and If-None-Match of a manifest PUT are honoured. */
  readonly conditionalWrites: boolean;
  /** There is a referrers endpoint, and OCI-Subject in the answer to a push. */
  readonly referrers: boolean;
  /** Manifests, tags and blobs can be deleted. */
  readonly deletes: boolean;
  /** Docker's own media types are accepted. */
  readonly dockerTypes: boolean;
  /** An OCI manifest is only given to those whose Accept names its type. */
  readonly acceptDecides: boolean;
  /** An index may be pushed before its children. */
  readonly sparseIndexes: boolean;
  /** A manifest may be pushed before its blobs. */
  readonly sparseManifests: boolean;
  /** Missing permission is a 403 DENIED, with and without a token; elsewhere it is a 401 that asks for another token. */
  readonly deniesOutright: boolean;
  /** The code for a manifest of a repository that does not exist. */
  readonly unknownRepository: "NAME_UNKNOWN" | "MANIFEST_UNKNOWN";
  /** The code for a manifest that is not what its digest says. */
  readonly wrongManifestDigest: "DIGEST_INVALID" | "MANIFEST_INVALID";
  /** Whether the refusal of a manifest says which of its content is missing, or just that it is invalid. */
  readonly namesMissingContent: boolean;
  /** Tags that may be written once, whatever is written the second time. */
  readonly immutableTags?: RegExp;
  /** How the list of tags is given out; "whole" has no order and no pages. */
  readonly tagList: "pages" | "whole";
  /** `status CODE` of this package → that of the persona; without a code, a bare page. */
  readonly refusals: Readonly<Record<string, string>>;
  /** Codes that the persona gives another message than this package does. */
  readonly messages: Readonly<Record<string, string>>;
}

/** What this package is by itself: the whole specification, its drafts included. */
export const specification: Persona = {
  name: "specification",
  singlePost: true,
  uploadState: false,
  uploadPath: "blobs/uploads",
  checksContentRange: true,
  anonymousMount: true,
  mountDemandsAccess: false,
  multiTagPush: true,
  conditionalWrites: true,
  referrers: true,
  deletes: true,
  dockerTypes: true,
  acceptDecides: false,
  sparseIndexes: false,
  sparseManifests: false,
  deniesOutright: false,
  unknownRepository: "NAME_UNKNOWN",
  wrongManifestDigest: "DIGEST_INVALID",
  namesMissingContent: true,
  tagList: "pages",
  refusals: {},
  messages: {},
};

/** The same, and content may be referred to before it is there, as the specification also allows. */
export const sparse: Persona = {
  ...specification,
  name: "sparse",
  sparseIndexes: true,
  sparseManifests: true,
};

const distributionMessages = {
  BLOB_UNKNOWN: "blob unknown to registry",
  BLOB_UPLOAD_INVALID: "blob upload invalid",
  BLOB_UPLOAD_UNKNOWN: "blob upload unknown to registry",
  MANIFEST_BLOB_UNKNOWN: "blob unknown to registry",
  MANIFEST_UNKNOWN: "manifest unknown",
  NAME_UNKNOWN: "repository name not known to registry",
  UNSUPPORTED: "The operation is unsupported.",
};

/** CNCF Distribution 2.8.2, as Debian ships it and with its default settings. */
export const distribution: Persona = {
  ...specification,
  name: "distribution",
  singlePost: false,
  uploadState: true,
  checksContentRange: false,
  anonymousMount: false,
  multiTagPush: false,
  conditionalWrites: false,
  referrers: false,
  deletes: false,
  acceptDecides: true,
  unknownRepository: "MANIFEST_UNKNOWN",
  tagList: "whole",
  refusals: {
    "400 NAME_INVALID": "404",
    "400 TAG_INVALID": "404",
    "404 MANIFEST_BLOB_UNKNOWN": "400 MANIFEST_BLOB_UNKNOWN",
    "413 SIZE_INVALID": "400 MANIFEST_INVALID",
    "415 MANIFEST_INVALID": "400 MANIFEST_INVALID",
  },
  messages: distributionMessages,
};

/** zot 2.1.20 with its default settings, but for tags: it also takes some that the specification forbids. */
export const zot: Persona = {
  ...specification,
  name: "zot",
  conditionalWrites: false,
  dockerTypes: false,
  wrongManifestDigest: "MANIFEST_INVALID",
  namesMissingContent: false,
  refusals: {
    "400 NAME_INVALID": "404",
    "413 SIZE_INVALID": "413 MANIFEST_INVALID",
  },
  messages: { BLOB_UNKNOWN: "blob unknown to registry", MANIFEST_INVALID: "manifest invalid" },
};

/**
 * GitHub's container registry, as far as its answers are on record: chunks of at most 4 MiB
 * (wasmCloud/wash-archive#268), uploads at `blobs/upload/` (docker/build-push-action#626), missing blobs
 * (oras-project/rust-oci-client#35), permissions (tuna-os/tunaOS#642), no referrers
 * (actions/attest-build-provenance#71). Whether it takes a blob in one POST is not documented; the persona does not.
 */
export const ghcr: Persona = {
  ...specification,
  name: "ghcr",
  singlePost: false,
  uploadPath: "blobs/upload",
  chunkBytes: 4 << 20,
  anonymousMount: false,
  multiTagPush: false,
  conditionalWrites: false,
  referrers: false,
  deletes: false,
  deniesOutright: true,
  refusals: { "404 MANIFEST_BLOB_UNKNOWN": "400 MANIFEST_BLOB_UNKNOWN" },
  messages: distributionMessages,
};

/** Harbor 2.11: Distribution behind a proxy that adds projects, immutability rules and referrers. */
export const harbor: Persona = {
  ...distribution,
  name: "harbor",
  checksContentRange: true,
  mountDemandsAccess: true,
  referrers: true,
  deletes: true,
  acceptDecides: false,
  tagList: "pages",
  immutableTags: /^v?\d+\.\d+\.\d+/,
};

/** The four that a publisher has to get along with. */
export const personas = { distribution, zot, ghcr, harbor } as const;

/** A refusal in the words of the persona. */
export function inTheWordsOf(persona: Persona, reply: Reply): Reply {
  const [first] = reply.errors ?? [];
  if (first === undefined) return reply;
  const [status = "", code] = (persona.refusals[`${reply.status} ${first.code}`] ?? "").split(" ");
  if (status !== "" && code === undefined) {
    const page = Buffer.from(`${status} page not found\n`);
    return { status: Number(status), headers: { "content-type": "text/plain; charset=utf-8" }, body: page };
  }
  const errors = (reply.errors ?? []).map((error) => {
    const spoken = code ?? error.code;
    return { ...error, code: spoken, message: persona.messages[spoken] ?? error.message };
  });
  return { ...reply, status: status === "" ? reply.status : Number(status), errors };
}
