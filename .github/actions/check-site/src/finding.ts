/** One mistake, where it is and how to correct it. */
export interface Finding {
  /** Path from the folder of spin.toml. */
  readonly file: string;
  /** From 1. */
  readonly line: number;
  readonly message: string;
}

/** The line of a position in a text, from 1. */
export function lineAt(text: string, position: number): number {
  return text.slice(0, position).split("\n").length;
}

/** The line that begins with a key of a TOML document; 1 where there is none. */
export function lineOfKey(toml: string, key: string): number {
  const found = toml.split("\n").findIndex((line) => /^\s*"?([\w-]+)"?\s*=/.exec(line)?.[1] === key);
  return found < 0 ? 1 : found + 1;
}

/** `value` and the others that it may be. */
export function oneOf(names: readonly string[]): string {
  return names.length === 0 ? "there is none" : `known: ${[...names].sort().join(", ")}`;
}
