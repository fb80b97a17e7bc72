import { isObject, type JsonObject } from "@spin-publisher/json";
import { parse, TomlError } from "smol-toml";
import { type Finding, lineOfKey, oneOf } from "./finding.ts";

export interface SiteConfig {
  readonly theme: string | undefined;
  /** Templates that are given the list of all pages. */
  readonly indexed: readonly string[];
}

const file = "config/site.toml";
/** The fields of `SiteInfo` in src/template.rs of Bartholomew 0.9, which ignores all others without a word. */
const fields = [
  "title",
  "logo",
  "base_url",
  "about",
  "theme",
  "index_site_pages",
  "dynamic_templates",
  "extra",
];

/** Reads config/site.toml; whatever is wrong in it fails every page. */
export function readSiteConfig(text: string | undefined): {
  readonly config: SiteConfig;
  readonly findings: readonly Finding[];
} {
  const nothing = { theme: undefined, indexed: [] };
  if (text === undefined)
    return {
      config: nothing,
      findings: [{ file, line: 1, message: "The file is missing. It needs a title and a table [extra]." }],
    };
  try {
    const values: JsonObject = parse(text);
    const indexed = Array.isArray(values.index_site_pages)
      ? values.index_site_pages.filter((name): name is string => typeof name === "string")
      : [];
    const theme = typeof values.theme === "string" && values.theme !== "" ? values.theme : undefined;
    return { config: { theme, indexed }, findings: findingsOf(text, values) };
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    const reason = error.message.split("\n")[0]?.replace(/^Invalid TOML document: /, "") ?? "";
    return {
      config: nothing,
      findings: [{ file, line: error.line, message: `The file is not TOML: ${reason}.` }],
    };
  }
}

function findingsOf(text: string, values: JsonObject): readonly Finding[] {
  const at = (key: string, message: string) => ({ file, line: lineOfKey(text, key), message });
  const { title, base_url: base, extra } = values;
  return [
    ...(typeof title === "string" && title !== ""
      ? []
      : [at("title", 'The title is missing. Add title = "…".')]),
    ...(isObject(extra) && Object.values(extra).every((value) => typeof value === "string")
      ? []
      : [at("extra", "Bartholomew needs a table [extra], of which every value is a text; it may be empty.")]),
    ...(base === undefined || base === "" || isBase(base)
      ? []
      : [
          at(
            "base_url",
            `base_url must be an address such as "https://example.org" or "https://example.org/path", but it is ${JSON.stringify(base)}.`,
          ),
        ]),
    ...Object.keys(values)
      .filter((key) => !fields.includes(key))
      .map((key) =>
        at(key, `Bartholomew ignores "${key}" (${oneOf(fields)}). Put your own values below [extra].`),
      ),
  ];
}

function isBase(value: unknown): boolean {
  if (typeof value !== "string" || !URL.canParse(value)) return false;
  const { protocol, search, hash, username } = new URL(value);
  return /^https?:$/.test(protocol) && `${search}${hash}${username}` === "" && !value.endsWith("/");
}
