export {
  type Asset,
  fetchArchive,
  fetchVerifiedArchive,
  findAsset,
  isIntact,
  type SpinFiles,
  unpackSpin,
} from "./archive.ts";
export { assetName, checksumsName, type Target } from "./asset.ts";
export { gitHub, mirrorAt, type ReleaseAccess, type ReleaseHost } from "./host.ts";
export { type Release, resolveRelease } from "./resolve.ts";
export { checkSignature, type SignatureCheck } from "./signature.ts";
export { highest, meets, parseVersionRequest, type VersionRequest } from "./version.ts";
