/** One way to authenticate that a server offers (RFC 9110 §11.3). Names are lower-case. */
export interface Challenge {
  readonly scheme: string;
  readonly parameters: ReadonlyMap<string, string>;
}

const token = /[!#$%&'*+\-.^_`|~0-9A-Za-z]+/y;
/** A name, an equals sign and the start of a value, as opposed to the padding of a `token68`. */
const parameterName = /([!#$%&'*+\-.^_`|~0-9A-Za-z]+)[ \t]*=[ \t]*(?=["!#$%&'*+\-.^_`|~0-9A-Za-z])/y;
const quotedString = /"((?:[^"\\]|\\.)*)"/y;
const token68 = /[A-Za-z0-9\-._~+/]+=*/y;
const blanks = /[ \t]*/y;
const separators = /[ \t,]*/y;

/**
 * Parses `WWW-Authenticate`. Several challenges may share one header; a comma separates challenges, but also the parameters
 * of one challenge and the actions in a quoted scope. Parsing stops at the first syntax error and keeps what came before.
 */
export function parseChallenges(header: string): readonly Challenge[] {
  const challenges: { readonly scheme: string; readonly parameters: Map<string, string> }[] = [];
  let position = 0;
  const take = (pattern: RegExp): RegExpExecArray | null => {
    pattern.lastIndex = position;
    const match = pattern.exec(header);
    if (match !== null) position = pattern.lastIndex;
    return match;
  };
  for (;;) {
    take(separators);
    const current = challenges.at(-1);
    const name = current === undefined ? undefined : take(parameterName)?.[1]?.toLowerCase();
    if (current !== undefined && name !== undefined) {
      const value = take(quotedString)?.[1]?.replace(/\\(.)/g, "$1") ?? take(token)?.[0];
      if (value === undefined) return challenges;
      if (!current.parameters.has(name)) current.parameters.set(name, value);
      continue;
    }
    const scheme = take(token)?.[0].toLowerCase();
    if (scheme === undefined) return challenges;
    challenges.push({ scheme, parameters: new Map() });
    if (take(blanks)?.[0] !== "" && !startsParameter(header, position)) take(token68);
  }
}

function startsParameter(header: string, position: number): boolean {
  parameterName.lastIndex = position;
  return parameterName.test(header);
}
