/**
 * Why `text` is not an identifier of words joined by `delimiter`, or undefined where it is one. Each word starts
 * with an ASCII letter, goes on with ASCII letters and digits, and is all lower-case or all upper-case; different
 * words may differ (`my-APP`).
 */
function reasonAgainst(text: string, delimiter: "-" | "_"): string | undefined {
  const other = delimiter === "-" ? "_" : "-";
  if (text === "") return "it is empty";
  if (text.includes(other)) return `its words must be joined by "${delimiter}", not by "${other}"`;
  for (const word of text.split(delimiter)) {
    const reason = reasonAgainstWord(word);
    if (reason !== undefined) return reason;
  }
  return undefined;
}

function reasonAgainstWord(word: string): string | undefined {
  const [first] = word;
  if (first === undefined) return "it has an empty word";
  if (!/^[A-Za-z]$/.test(first)) return `its words must start with an ASCII letter, not with "${first}"`;
  const strange = [...word].find((character) => !/^[A-Za-z0-9]$/.test(character));
  if (strange !== undefined) return `its words may contain only ASCII letters and digits, not "${strange}"`;
  if (word !== word.toLowerCase() && word !== word.toUpperCase()) {
    return `each word must be all lower-case or all upper-case, and "${word}" is not`;
  }
  return undefined;
}

/** Component ids, plain dependency names, interface names: `my-component`. */
export function reasonAgainstKebab(text: string): string | undefined {
  return reasonAgainst(text, "-");
}

/** Names of variables: `site_name`. */
export function reasonAgainstLowerSnake(text: string): string | undefined {
  const reason = reasonAgainst(text, "_");
  if (reason !== undefined) return reason;
  return text === text.toLowerCase() ? undefined : `it must be lower-case`;
}

/** Labels of key-value stores and databases: kebab-case or snake_case, in either case. */
export function isLabel(text: string): boolean {
  return reasonAgainst(text, "-") === undefined || reasonAgainst(text, "_") === undefined;
}
