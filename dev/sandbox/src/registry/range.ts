/** The bytes a reader asked for, as offsets into the blob; `end` is exclusive. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

/**
 * Reads a `Range` header of a blob GET (RFC 9110 §14.1.2).
 *
 * @returns undefined where the whole blob is to be sent (no header, another unit, several ranges), and
 *   "unsatisfiable" where it is outside of the blob or its ends are reversed.
 */
export function parseRange(
  header: string | undefined,
  size: number,
): ByteRange | "unsatisfiable" | undefined {
  const [, first = "", last = ""] = /^bytes=(\d*)-(\d*)$/.exec(header ?? "") ?? [];
  if (first === "" && last === "") return undefined;
  const start = first === "" ? Math.max(0, size - Number(last)) : Number(first);
  const end = first === "" || last === "" ? size : Math.min(size, Number(last) + 1);
  return start < end ? { start, end } : "unsatisfiable";
}

/**
 * Reads the `Content-Range` of a chunk, which in the distribution-spec has no unit (§Pushing a blob in chunks).
 *
 * @returns undefined without the header, and "malformed" where it is not `<first>-<last>`.
 */
export function parseContentRange(header: string | undefined): ByteRange | "malformed" | undefined {
  if (header === undefined) return undefined;
  const [, first, last] = /^(\d+)-(\d+)$/.exec(header) ?? [];
  if (first === undefined || last === undefined) return "malformed";
  return { start: Number(first), end: Number(last) + 1 };
}
