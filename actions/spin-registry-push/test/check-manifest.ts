import { ManifestError } from "../src/manifest/error.ts";
import { readManifest } from "../src/manifest/read.ts";
import { parseToml, type TomlValue } from "../src/manifest/toml.ts";

/** What became of one made-up manifest. */
export type Outcome = "accepted" | "refused";

/** Longer than the slowest machine takes for any manifest of these sizes, and shorter than for ever. */
const patience = 2000;

/**
 * Reads a manifest that may be anything.
 *
 * @param referee another TOML parser: what ours accepts, it has to read in the same way.
 * @throws Error when reading it ends in anything but an application or a clear refusal, or takes too long.
 */
export function checkManifest(text: string, referee?: (text: string) => unknown): Outcome {
  const started = performance.now();
  const outcome = outcomeOf(text);
  if (performance.now() - started > patience) throw new Error(`Reading this took too long:\n${text}`);
  if (referee !== undefined) requireSameReading(text, referee);
  return outcome;
}

function outcomeOf(text: string): Outcome {
  try {
    readManifest(Buffer.from(text));
    return "accepted";
  } catch (error) {
    if (!(error instanceof ManifestError))
      throw new Error(`Reading this crashed:\n${text}`, { cause: error });
    if (!Number.isInteger(error.line) || error.line < 1 || error.line > text.split("\n").length) {
      throw new Error(`The refusal names line ${error.line}, which does not exist:\n${text}`);
    }
    if (/undefined|\[object|NaN/.test(error.reason) && !/undefined|\[object|NaN/.test(text)) {
      throw new Error(`The refusal is not clear (${error.reason}):\n${text}`);
    }
    return "refused";
  }
}

function requireSameReading(text: string, referee: (text: string) => unknown): void {
  let ours: unknown;
  try {
    ours = plain(parseToml(text));
  } catch {
    return;
  }
  const theirs = JSON.stringify(sorted(referee(text)));
  if (JSON.stringify(sorted(ours)) !== theirs) {
    throw new Error(
      `Another parser reads this differently:\n${text}\nours: ${JSON.stringify(ours)}\ntheirs: ${theirs}`,
    );
  }
}

function plain(value: TomlValue): unknown {
  switch (value.kind) {
    case "table":
      return new Map([...value.entries].map(([name, entry]) => [name, plain(entry)]));
    case "array":
      return value.items.map(plain);
    case "date-time":
      return new Date(0);
    default:
      return value.value;
  }
}

/** A form in which two readings can be compared: keys sorted, numbers with their kind, dates without their spelling. */
function sorted(value: unknown): unknown {
  if (value instanceof Date) return "a date";
  if (typeof value === "bigint") return `integer ${value}`;
  if (typeof value === "number") return `float ${Object.is(value, -0) ? "-0" : value}`;
  if (Array.isArray(value)) return value.map(sorted);
  const entries =
    value instanceof Map
      ? [...value]
      : typeof value === "object" && value !== null
        ? Object.entries(value)
        : undefined;
  if (entries === undefined) return value;
  return entries
    .map(([name, entry]): [string, unknown] => [name, sorted(entry)])
    .sort(([left], [right]) => (left < right ? -1 : 1));
}
