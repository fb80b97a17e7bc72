/** Larger files are not pointers (git-lfs specification, "The Pointer"). */
const largestPointer = 1024;

/** What helps where a pointer was found. */
export const lfsAdvice = 'set "lfs: true" for actions/checkout';

/** Whether content is a Git LFS pointer, which a checkout without LFS leaves in place of the file itself. */
export function isLfsPointer(bytes: Uint8Array): boolean {
  if (bytes.length > largestPointer || bytes[0] !== 0x76) return false;
  return /^version https:\/\/(?:git-lfs|hawser)\.github\.com\/spec\/v1\r?\n/.test(
    Buffer.from(bytes).toString("latin1"),
  );
}
