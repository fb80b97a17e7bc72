/** The largest file that can be a Git LFS pointer, in bytes (git-lfs, docs/spec.md). */
const largestPointer = 1024;
const firstLine = Buffer.from("version https://git-lfs.github.com/spec/v1\n");

/** Whether a file is a Git LFS pointer: what a checkout without `lfs: true` has in the place of the real file. */
export function isLfsPointer(bytes: Uint8Array): boolean {
  return bytes.length < largestPointer && firstLine.equals(bytes.subarray(0, firstLine.length));
}
