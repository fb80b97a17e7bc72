import { isObject, type JsonObject } from "@spin-publisher/json";
import { parse, TomlError } from "smol-toml";
import { type Finding, lineOfKey, oneOf } from "./finding.ts";

/** A page as Bartholomew 0.9 splits it (`FromStr for Content` in its src/content.rs). */
export interface Page {
  readonly file: string;
  readonly head: JsonObject;
  readonly body: string;
  /** The line of the file on which the body begins. */
  readonly bodyLine: number;
}

const separator = "\n---\n";
/** The fields of `Head`; Bartholomew ignores all others without a word. */
const fields: Readonly<Record<string, "string" | "boolean" | "number" | "date" | "strings" | "map">> = {
  title: "string",
  date: "date",
  description: "string",
  template: "string",
  published: "boolean",
  tags: "strings",
  content_type: "string",
  cache_control: "string",
  status: "number",
  redirect: "string",
  enable_shortcodes: "boolean",
  path_info: "string",
  body_source: "string",
  extra: "map",
};
const descriptions = {
  string: "text in quotes",
  boolean: "true or false",
  number: "a number",
  date: 'a date in quotes with its time and zone, such as "2026-10-06T09:00:00Z"',
  strings: "a list of texts",
  map: 'a table of texts: [extra] with lines such as name = "value"',
};

/** Splits and checks one page; without a head where Bartholomew could not read it. */
export function readPage(file: string, text: string): { page?: Page; findings: readonly Finding[] } {
  const at = text.indexOf(separator);
  if (at < 0) {
    const message =
      "The front matter does not end. Write it at the top of the file, as TOML, and a line of three hyphens below it.";
    return { findings: [{ file, line: 1, message }] };
  }
  const [toml, body] = [text.slice(0, at), text.slice(at + separator.length)];
  try {
    const head = parse(toml);
    const page = { file, head: head as JsonObject, body, bodyLine: toml.split("\n").length + 2 };
    return { page, findings: headFindings(file, toml, page.head) };
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    const reason = error.message.split("\n")[0]?.replace(/^Invalid TOML document: /, "") ?? "";
    const yaml = toml.startsWith("---") ? " Bartholomew reads TOML, and no line of hyphens above it." : "";
    return {
      findings: [{ file, line: error.line, message: `The front matter is not TOML: ${reason}.${yaml}` }],
    };
  }
}

function headFindings(file: string, toml: string, head: JsonObject): readonly Finding[] {
  const wrong = Object.entries(head).flatMap(([key, value]) => {
    const kind = fields[key];
    const line = lineOfKey(toml, key);
    if (kind === undefined) {
      const message = `Bartholomew ignores "${key}" (${oneOf(Object.keys(fields))}). Put your own values below [extra].`;
      return [{ file, line, message }];
    }
    return hasKind(value, kind)
      ? []
      : [
          {
            file,
            line,
            message: `"${key}" must be ${descriptions[kind]}; Bartholomew fails to read the page.`,
          },
        ];
  });
  const untitled =
    head.title === undefined || head.title === ""
      ? [{ file, line: 1, message: 'The title is missing. Add title = "…" to the front matter.' }]
      : [];
  return [...untitled, ...wrong];
}

function hasKind(value: unknown, kind: (typeof fields)[string]): boolean {
  if (kind === "strings") return Array.isArray(value) && value.every((item) => typeof item === "string");
  if (kind === "map")
    return isObject(value) && Object.values(value).every((item) => typeof item === "string");
  // A date without quotes is a date of TOML, which Bartholomew's reader does not accept.
  if (kind === "date")
    return (
      typeof value === "string" &&
      /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)$/.test(value) &&
      !Number.isNaN(Date.parse(value))
    );
  return typeof value === kind;
}
