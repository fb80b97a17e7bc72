/**
 * The next page of a list (RFC 8288). Only its query is used: the rest is, or should be, the address of the list again.
 *
 * @param list its path below the repository.
 */
export function nextPage(list: string, { headers }: Response): string | undefined {
  const target = /<([^>]*)>\s*;[^,]*\brel="?next"?/i.exec(headers.get("link") ?? "")?.[1] ?? "";
  const query = target.indexOf("?");
  return query < 0 ? undefined : `${list}${target.slice(query)}`;
}
