import type { Json } from "./json.ts";

/**
 * JSON with objects as maps (any key is just a key) and numbers as they are spelled.
 *
 * @throws Error (a clause for the caller's sentence) when `text` is not JSON.
 */
export function parseJson(text: string): Json {
  const spelled = (_key: string, value: unknown, written?: Written) =>
    typeof value === "number" ? new Spelled(written?.source) : value;
  let value: unknown;
  try {
    value = JSON.parse(text, spelled);
  } catch (cause) {
    throw new Error("it is not JSON", { cause });
  }
  return toJson(value);
}

/** How a primitive value is written (ECMAScript's "JSON.parse source text access"). */
interface Written {
  readonly source?: string;
}

class Spelled {
  readonly number: string;
  constructor(number = "") {
    this.number = number;
  }
}

function toJson(value: unknown): Json {
  if (value === null || typeof value === "boolean" || typeof value === "string") return value;
  if (value instanceof Spelled) return { number: value.number };
  if (Array.isArray(value)) return value.map(toJson);
  if (typeof value === "object") {
    return new Map(Object.entries(value).map(([name, entry]) => [name, toJson(entry)]));
  }
  throw new Error("JSON holds nothing else.");
}
