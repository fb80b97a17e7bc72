/** A path of a manifest: how many folders above its root it starts, and the names from there on. */
export interface RelativePath {
  readonly up: number;
  readonly names: readonly string[];
}

/**
 * Resolves a path textually: `.` and empty names are dropped, `..` takes off the name before it.
 *
 * @throws Error (a clause for the caller's sentence) where the path is absolute, or `..` follows a wildcard.
 */
export function parseRelativePath(path: string): RelativePath {
  if (path.startsWith("/") || /^[A-Za-z]:[\\/]/.test(path)) {
    throw new Error("is an absolute path, which differs between machines; write it relative to the manifest");
  }
  if (path.includes("\0")) throw new Error("contains a NUL character");
  let up = 0;
  const names: string[] = [];
  for (const name of path.split("/")) {
    if (name === "" || name === ".") continue;
    if (name !== "..") names.push(name);
    else if (names.length === 0) up += 1;
    else if (/[*?[\]]/.test(names.pop() ?? "")) {
      throw new Error('has ".." after a wildcard; name the folder instead');
    }
  }
  return { up, names };
}
