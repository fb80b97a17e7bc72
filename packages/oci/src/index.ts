export {
  type Artifact,
  type Blob,
  type BlobSource,
  blobOf,
  blobsOf,
  type Manifest,
  manifestOf,
} from "./artifact.ts";
export { createRegistryClient, type RegistryClientOptions } from "./client.ts";
export { type CredentialOrder, credentialOrder } from "./credential-order.ts";
export { type Digest, digestOf, isDigest, parseDigest } from "./digest.ts";
export { type DockerConfigOptions, dockerConfigCredentials } from "./docker-config.ts";
export {
  type Annotations,
  type Descriptor,
  type ImageIndex,
  type ImageManifest,
  mediaTypes,
  type Platform,
} from "./documents.ts";
export { inspectTarget } from "./inspect.ts";
export { writeLayout } from "./layout.ts";
export { type Layout, readLayout } from "./layout-read.ts";
export { isLoopback } from "./origin.ts";
export type {
  AliasReport,
  PublishPolicy,
  PublishReport,
  PublishTarget,
  TargetState,
} from "./publication.ts";
export { publish } from "./publish.ts";
export { blobSize } from "./pull.ts";
export {
  formatReference,
  isTag,
  parseReference,
  parseRepository,
  type Reference,
  type Repository,
} from "./reference.ts";
export { RegistryRefusal } from "./refusals.ts";
export type {
  Credential,
  CredentialSource,
  FetchedManifest,
  PublishEvent,
  RegistryClient,
  RegistryReader,
  Traffic,
} from "./registry.ts";
