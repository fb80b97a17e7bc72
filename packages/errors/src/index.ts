export { errorCode, messageOf } from "./error.ts";
export { LocatedError, type Location, locationOf } from "./located.ts";
export { namingFiles, whyUnreadable } from "./unreadable.ts";
export { whyUnwritable } from "./unwritable.ts";
