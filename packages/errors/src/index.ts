export { errorCode, messageOf } from "./error.ts";
export { namingFiles, whyUnreadable } from "./unreadable.ts";
