export { isArray, isMap, type Json, type JsonMap, serialise, structure } from "./json.ts";
export {
  type LockedApp,
  type LockedComponent,
  type LockedContent,
  type LockedFile,
  type LockedTrigger,
  type LockedVariable,
  serialiseLockedApp,
} from "./locked-app.ts";
export { isWasmLayer, lockedAppLayer, spinMediaTypes } from "./media-types.ts";
export { largestLockedApp, parseLockedApp, parseWholeLockedApp } from "./parse-locked-app.ts";
