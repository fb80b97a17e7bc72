export type { Credential, CredentialSource } from "./auth/credential.ts";
export { type CredentialOrder, credentialOrder } from "./auth/credential-order.ts";
export { type DockerConfigOptions, dockerConfigCredentials } from "./auth/docker-config.ts";
export { createRegistryClient, type RegistryClientOptions } from "./client/client.ts";
export { blobSize } from "./client/pull.ts";
export type {
  FetchedManifest,
  PublishEvent,
  RegistryClient,
  RegistryReader,
  Traffic,
} from "./client/types.ts";
export { type Layout, readLayout } from "./layout/read-layout.ts";
export { writeLayout } from "./layout/write-layout.ts";
export { inspectTarget } from "./publish/inspect-target.ts";
export type {
  AliasReport,
  PublishPolicy,
  PublishReport,
  PublishTarget,
  TargetState,
} from "./publish/publication.ts";
export { publish } from "./publish/publish.ts";
export { publishedVersion, type VersionRules } from "./publish/published-version.ts";
export { type Attachment, attachReferrers } from "./referrers/attach-referrers.ts";
export { type Attached, attachedOf, listReferrers, type Referrers } from "./referrers/list-referrers.ts";
export { isReferrersTag, referrersTag, referrerTo } from "./referrers/referrer.ts";
export { RegistryRefusal } from "./refusals/registry-refusal.ts";
export {
  type Artifact,
  type Blob,
  type BlobSource,
  blobOf,
  blobsOf,
  type Manifest,
  manifestOf,
} from "./spec/artifact.ts";
export { type Digest, digestOf, isDigest, parseDigest } from "./spec/digest.ts";
export {
  type Annotations,
  type Descriptor,
  type ImageIndex,
  type ImageManifest,
  mediaTypes,
  type Platform,
} from "./spec/image-spec.ts";
export { childrenOf, parseManifestDocument } from "./spec/parse-manifest.ts";
export {
  formatReference,
  isTag,
  parseReference,
  parseRepository,
  type Reference,
  type Repository,
} from "./spec/reference.ts";
