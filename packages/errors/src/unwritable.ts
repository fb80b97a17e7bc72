import { errorCode } from "./error.ts";

const reasons: Readonly<Record<string, string>> = {
  EACCES: "the job's user may not write to it",
  EPERM: "the job's user may not write to it",
  EROFS: "it is read-only",
  ENOSPC: "its disk is full",
  EDQUOT: "the disk quota is used up",
  EEXIST: "it is not a folder",
  ENOTDIR: "it is not a folder",
  ENOENT: "it does not exist and cannot be created",
  EBUSY: "another process is using the file",
  ETXTBSY: "another process is using the file",
};

/** Why the system refuses to write to a folder, as a clause; for an unknown reason, the system's own code. */
export function whyUnwritable(error: unknown): string {
  const code = errorCode(error) ?? "unknown error";
  return reasons[code] ?? `the system refuses to write to it (${code})`;
}
