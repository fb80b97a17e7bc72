export {
  type Artifact,
  type Blob,
  type BlobSource,
  blobOf,
  blobsOf,
  type Manifest,
  manifestOf,
} from "./artifact.ts";
export { type Digest, digestOf, isDigest, parseDigest } from "./digest.ts";
export {
  type Annotations,
  type Descriptor,
  type ImageIndex,
  type ImageManifest,
  mediaTypes,
  type Platform,
} from "./documents.ts";
export type {
  AliasReport,
  PublishPolicy,
  PublishReport,
  PublishTarget,
  TargetState,
} from "./publication.ts";
export {
  formatReference,
  isTag,
  parseReference,
  parseRepository,
  type Reference,
  type Repository,
} from "./reference.ts";
export type {
  Credential,
  CredentialSource,
  FetchedManifest,
  PublishEvent,
  RegistryReader,
} from "./registry.ts";
