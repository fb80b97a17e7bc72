export { assetName, checksumsName, type Target } from "./asset.ts";
export { fetchArchive, fetchVerifiedArchive, isIntact } from "./fetch-archive.ts";
export { type Asset, findAsset } from "./find-asset.ts";
export { gitHub, mirrorAt, type ReleaseAccess, type ReleaseHost } from "./host.ts";
export { type Release, resolveRelease } from "./resolve.ts";
export { checkSignature, type SignatureCheck } from "./signature.ts";
export { type SpinFiles, unpackSpin } from "./unpack-spin.ts";
export { highest, meets, parseVersionRequest, type VersionRequest } from "./version.ts";
