/**
 * YAML 1.1, which Helm reads, has three line breaks more than YAML 1.2, which the parser reads: NEL (U+0085) and the line
 * and paragraph separators (U+2028, U+2029). Texts that contain them are rewritten before parsing:
 *
 * | in a block scalar (`|`, `>`) | elsewhere |
 * |---|---|
 * | NEL becomes a line feed; a separator gets a line feed behind it, which is removed after parsing | NEL becomes a blank; blanks around a separator are removed after parsing |
 *
 * Between the two steps noncharacters stand in for the separators, so that these differ from `\L` and `\P` in quotes.
 */
const standIns: Readonly<Record<string, string>> = { "\u2028": "\ufdd0", "\u2029": "\ufdd1" };
const separatorOf = new Map(Object.entries(standIns).map(([separator, standIn]) => [standIn, separator]));

/** A line that ends in the header of a block scalar: `key: |`, `- >-2`. */
const blockHeader = /(?:^|[\s:-])[|>](?:[1-9]?[+-]?|[+-][1-9])[ \t]*(?:#.*)?$/;

export function withoutOldBreaks(text: string): string {
  if (!/[\u0085\u2028\u2029]/.test(text)) return text;
  const written: string[] = [];
  let header: number | undefined; // the indentation of the line with the header of the block that is being read
  let indent: string | undefined; // that of the block's first line
  for (const line of text.split("\n")) {
    const own = /^ */.exec(line)?.[0].length ?? 0;
    const isEmpty = /^\s*$/.test(line) || /^[\u0085\u2028\u2029]/.test(line);
    if (header !== undefined && !isEmpty && own <= header) header = undefined;
    if (header === undefined) {
      written.push(line.replaceAll("\u0085", " ").replace(/[\u2028\u2029]/g, standInFor));
      if (blockHeader.test(line)) [header, indent] = [own, undefined];
      continue;
    }
    if (!isEmpty) indent ??= " ".repeat(own);
    const start = indent ?? " ".repeat(header + 2);
    written.push(
      line
        .replace(/^[\u2028\u2029]/, (separator) => `${start}${separator}`)
        .replaceAll("\u0085", "\n")
        .replace(
          /([\u2028\u2029])(?=([\u2028\u2029])?)/g,
          (_match, one: string, next: string | undefined) =>
            `${standInFor(one)}\n${next === undefined ? "" : start}`,
        ),
    );
  }
  return written.join("\n");
}

/** @param isBlock whether the scalar is a literal or folded block. */
export function withOldBreaks(scalar: string, isBlock: boolean): string {
  if (!/[\ufdd0\ufdd1]/.test(scalar)) return scalar;
  const standIn = isBlock ? /([\ufdd0\ufdd1])[\n ]?/g : /[ \t]*([\ufdd0\ufdd1])[ \t]*/g;
  return scalar.replace(standIn, (_match, one: string) => separatorOf.get(one) ?? one);
}

function standInFor(separator: string): string {
  return standIns[separator] ?? separator;
}
