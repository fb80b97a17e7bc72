import {
  type Alias,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  type Node,
  parseAllDocuments,
  type Scalar,
  type YAMLParseError,
} from "yaml";
import { formatFloat } from "./go-number.ts";
import { withOldBreaks, withoutOldBreaks } from "./line-breaks.ts";
import { resolveScalar } from "./resolve-scalar.ts";
import { isMap as isYamlMap, type YamlMap, type YamlValue } from "./value.ts";

/** A file that is not YAML, with the line of the mistake. */
export class InvalidYaml extends Error {
  readonly line: number | undefined;

  constructor(message: string, cause: YAMLParseError) {
    super(message, { cause });
    this.line = cause.linePos?.[0].line;
  }
}

/** How many values the aliases of one document may expand to; in real charts it is dozens. */
const aliasedLimit = 100_000;

/**
 * The first YAML document of a file as Helm reads it: YAML 1.1 scalars, merge keys, the last of two equal keys wins.
 * A byte order mark is skipped; a file without a document is `null`.
 *
 * @param name how error messages name the file.
 * @throws Error with the position when it is not UTF-8 or not YAML, and when its aliases expand without end.
 */
export function readYaml(bytes: Uint8Array, name: string): YamlValue {
  return readYamlText(decode(bytes, name), name);
}

export function readYamlText(text: string, name: string): YamlValue {
  // The reader only has to tell plain from quoted scalars; what they mean is decided here.
  const [document] = parse(withoutOldBreaks(text), name);
  if (document === undefined || document.contents === null) return null;
  const [error] = document.errors;
  if (error !== undefined) {
    if (error.message.includes("call stack")) throw new Error(`${name} is nested too deeply to be read.`);
    throw new InvalidYaml(`${name} is not valid YAML: ${firstLine(error.message)}.`, error);
  }
  let depth = 0;
  let aliased = 0;
  const open = new Set<Node>();
  const targets = new Map<Alias, Node | undefined>(); // each look-up walks the document

  const resolveNode = (node: unknown): YamlValue => {
    if (depth > 0) aliased += 1;
    if (aliased > aliasedLimit)
      throw new Error(`${name} expands to more than ${aliasedLimit} values through its aliases.`);
    if (isScalar(node)) return scalarOf(node, name);
    if (isAlias(node)) {
      const target = targets.has(node) ? targets.get(node) : node.resolve(document);
      targets.set(node, target);
      if (target === undefined || open.has(target)) {
        throw new Error(`${name} has the alias *${node.source}, which refers to nothing or to itself.`);
      }
      depth += 1;
      const value = resolveNode(target);
      depth -= 1;
      return value;
    }
    if (!isSeq(node) && !isMap(node)) return null;
    open.add(node);
    const value = isSeq(node) ? node.items.map(resolveNode) : mapOf(node.items);
    open.delete(node);
    return value;
  };

  const mapOf = (items: readonly { readonly key: unknown; readonly value: unknown }[]): YamlMap => {
    const map = new Map<string, YamlValue>();
    const merge = (value: YamlValue) => {
      if (!isYamlMap(value)) throw new Error(`${name} merges ("<<") something that is not a map.`);
      for (const [key, entry] of value) map.set(key, entry);
    };
    for (const { key, value } of items) {
      if (isScalar(key) && key.type === "PLAIN" && key.value === "<<") {
        const merged = resolveNode(value);
        // Of several maps the first has precedence, so it is written last.
        for (const part of Array.isArray(merged) ? merged.toReversed() : [merged]) merge(part);
      } else map.set(keyOf(resolveNode(key), name), resolveNode(value));
    }
    return map;
  };

  return resolveNode(document.contents);
}

function parse(text: string, name: string) {
  try {
    return parseAllDocuments(text, { schema: "failsafe", uniqueKeys: false, logLevel: "silent" });
  } catch (cause) {
    throw new Error(`${name} is not valid YAML, or is nested too deeply.`, { cause });
  }
}

function scalarOf(node: Scalar, name: string): YamlValue {
  const text = withOldBreaks(String(node.value ?? ""), String(node.type).startsWith("BLOCK_"));
  const tag = node.tag?.replace("tag:yaml.org,2002:", "!!");
  // A tag that YAML does not define means nothing to Helm.
  if (tag === undefined ? node.type !== "PLAIN" : !tag.startsWith("!!") || tag === "!!str") return text;
  const meaning = resolveScalar(text);
  const value = "value" in meaning ? meaning.value : meaning.kind === "null" ? null : text;
  if (tag === undefined || tag === tagOf(meaning.kind)) return value;
  if (tag === "!!float" && typeof value === "bigint") return Number(value);
  throw new Error(`${name} tags the value "${text}" with ${tag}, which it is not.`);
}

function tagOf(kind: ReturnType<typeof resolveScalar>["kind"]): string {
  const tags = {
    null: "null",
    boolean: "bool",
    integer: "int",
    float: "float",
    timestamp: "timestamp",
    text: "str",
  };
  return `!!${tags[kind]}`;
}

function keyOf(key: YamlValue, name: string): string {
  if (typeof key === "string") return key;
  if (typeof key === "bigint" || typeof key === "boolean") return String(key);
  if (typeof key === "number") return Number.isFinite(key) ? formatFloat(key) : yamlInfinity(key);
  throw new Error(`${name} has a key that is neither a string nor a number; quote it.`);
}

function yamlInfinity(value: number): string {
  if (Number.isNaN(value)) return ".nan";
  return value > 0 ? ".inf" : "-.inf";
}

function decode(bytes: Uint8Array, name: string): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new Error(`${name} is not UTF-8 text; save it as UTF-8.`, { cause });
  }
}

function firstLine(message: string): string {
  return (message.split("\n")[0] ?? message).replace(/[:.]$/, "");
}
