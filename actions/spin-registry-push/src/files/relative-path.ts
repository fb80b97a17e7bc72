/**
 * A path of a manifest, relative to `root`: names without `.`, `..` or empty ones, none at all for the root itself.
 * `..` is resolved textually.
 *
 * @param root what errors call the folder that the path must stay in.
 * @throws Error (a clause for the caller's sentence) where it does, or where the path is absolute.
 */
export function namesInside(path: string, root = "application folder"): readonly string[] {
  if (path.startsWith("/") || /^[A-Za-z]:[\\/]/.test(path)) {
    throw new Error("is an absolute path, which differs between machines; write it relative to the manifest");
  }
  if (path.includes("\0")) throw new Error("contains a NUL character");
  const names: string[] = [];
  for (const name of path.split("/")) {
    if (name === "" || name === ".") continue;
    if (name !== "..") names.push(name);
    else if (names.length === 0) throw new Error(`leads out of the ${root}`);
    else if (/[*?[\]]/.test(names.pop() ?? ""))
      throw new Error('has ".." after a wildcard; name the folder instead');
  }
  return names;
}
