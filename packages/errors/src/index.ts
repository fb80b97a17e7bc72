export { errorCode, messageOf } from "./error.ts";
export { isLfsPointer, lfsAdvice } from "./lfs-pointer.ts";
export { LocatedError, type Location, locationOf } from "./located.ts";
export { namingFiles, whyUnreadable } from "./unreadable.ts";
export { whyUnwritable } from "./unwritable.ts";
