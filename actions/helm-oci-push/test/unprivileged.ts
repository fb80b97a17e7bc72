/** Runs `task` as a user without the rights of root, to whom modes of files mean nothing. */
export async function unprivileged<Result>(task: () => Promise<Result>): Promise<Result> {
  if (process.geteuid?.() !== 0 || process.seteuid === undefined) return task();
  process.seteuid(65534);
  try {
    return await task();
  } finally {
    process.seteuid(0);
  }
}
