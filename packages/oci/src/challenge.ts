/** One way in which a server wants to be convinced (RFC 9110 §11.3). Names are lower-case. */
export interface Challenge {
  readonly scheme: string;
  readonly parameters: ReadonlyMap<string, string>;
}

const token = /[!#$%&'*+\-.^_`|~0-9A-Za-z]+/y;
const space = /[ \t]*/y;
const separators = /[ \t,]*/y;
const quoted = /"((?:[^"\\]|\\.)*)"/y;
const token68 = /[A-Za-z0-9\-._~+/]+=*(?=[ \t]*(?:,|$))/y;

/**
 * Parses `WWW-Authenticate`: several challenges may share one header, and a comma also separates the parameters of
 * one challenge and the actions inside a quoted scope. Reading stops at what is not of this grammar; what was read
 * until then counts.
 */
export function parseChallenges(header: string): readonly Challenge[] {
  const challenges: { scheme: string; parameters: Map<string, string> }[] = [];
  let position = 0;
  const take = (pattern: RegExp): RegExpExecArray | null => {
    pattern.lastIndex = position;
    const match = pattern.exec(header);
    if (match !== null) position = pattern.lastIndex;
    return match;
  };
  while (position < header.length) {
    take(separators);
    const name = take(token)?.[0].toLowerCase();
    if (name === undefined) break;
    const blank = take(space)?.[0] ?? "";
    const current = challenges.at(-1);
    if (current !== undefined && header[position] === "=") {
      position += 1;
      take(space);
      const value = take(quoted)?.[1]?.replace(/\\(.)/g, "$1") ?? take(token)?.[0];
      if (value === undefined) break;
      if (!current.parameters.has(name)) current.parameters.set(name, value);
      continue;
    }
    challenges.push({ scheme: name, parameters: new Map() });
    if (
      blank !== "" &&
      !/[!#$%&'*+\-.^_`|~0-9A-Za-z]+[ \t]*=[ \t]*["!#$%&'*+\-.^_`|~0-9A-Za-z]/.test(header.slice(position))
    ) {
      take(token68);
    }
  }
  return challenges;
}
