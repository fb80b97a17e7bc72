import { type AST, parseTOML } from "toml-eslint-parser";
import { ManifestError } from "./error.ts";

/**
 * A TOML value that still knows its line and whether a number was written as an integer or a float: the locked
 * application keeps that difference. Tables keep the order of their keys in the document, which is the order of
 * components and trigger types.
 */
export type TomlValue =
  | { readonly kind: "string"; readonly line: number; readonly value: string }
  | { readonly kind: "integer"; readonly line: number; readonly value: bigint }
  | { readonly kind: "float"; readonly line: number; readonly value: number }
  | { readonly kind: "boolean"; readonly line: number; readonly value: boolean }
  | { readonly kind: "date-time"; readonly line: number; readonly text: string }
  | { readonly kind: "array"; readonly line: number; readonly items: readonly TomlValue[] }
  | TomlTable;

export interface TomlTable {
  readonly kind: "table";
  readonly line: number;
  readonly entries: ReadonlyMap<string, TomlValue>;
}

/** A table under construction: its parts can be anywhere in the document. */
interface GrowingTable {
  readonly kind: "table";
  readonly line: number;
  readonly entries: Map<string, Growing>;
  /** Whether only headers of tables below it have been seen so far, not its own. */
  implicit: boolean;
}
interface GrowingArray {
  readonly kind: "array";
  readonly line: number;
  readonly items: Growing[];
}
type Growing = GrowingTable | GrowingArray | Exclude<TomlValue, { readonly kind: "table" | "array" }>;

/** Far above any real manifest; they keep a hostile one from exhausting the stack or the memory. */
const deepest = 64;
export const largestManifest = 1 << 20;

/**
 * Parses a document by the rules of TOML 1.0, the version that Spin reads.
 *
 * @throws ManifestError for malformed text, keys defined twice, integers beyond 64 bits and values nested more
 *   than 64 deep.
 */
export function parseToml(text: string): TomlTable {
  const root: GrowingTable = { kind: "table", line: 1, entries: new Map(), implicit: false };
  for (const node of documentOf(text)) {
    if (node.type === "TOMLKeyValue") assign(root, node, 0);
    else {
      const table = openTable(root, node.resolvedKey, node.loc.start.line);
      for (const pair of node.body) assign(table, pair, node.resolvedKey.length);
    }
  }
  return root;
}

function documentOf(text: string): AST.TOMLTopLevelTable["body"] {
  try {
    return parseTOML(text, { tomlVersion: "1.0" }).body[0].body;
  } catch (cause) {
    if (cause instanceof RangeError) {
      throw new ManifestError(1, "the text nests too deeply or has too long a string", {
        cause,
      });
    }
    if (cause instanceof SyntaxError && "lineNumber" in cause && typeof cause.lineNumber === "number") {
      const reason = cause.message.charAt(0).toLowerCase() + cause.message.slice(1).replace(/\.$/, "");
      throw new ManifestError(cause.lineNumber, `this is not TOML: ${reason}`, { cause });
    }
    throw cause;
  }
}

/**
 * The table that a header such as `[component.web]` or `[[trigger.http]]` opens. Spin's parser orders tables by their own
 * headers: one that was only mentioned before, as in `[component.web.build]`, moves behind its siblings.
 */
function openTable(root: GrowingTable, path: readonly (string | number)[], line: number): GrowingTable {
  const table = tableAt(root, path, line);
  const name = path.at(-1);
  if (table.implicit && typeof name === "string") {
    const parent = tableAt(root, path.slice(0, -1), line);
    parent.entries.delete(name);
    parent.entries.set(name, table);
  }
  table.implicit = false;
  return table;
}

/** The table at a path, created where it is missing; array indexes start at 0. */
function tableAt(root: GrowingTable, path: readonly (string | number)[], line: number): GrowingTable {
  requireDepth(path.length, line);
  let current: Growing = root;
  for (const [index, step] of path.entries()) {
    const next: Growing | undefined =
      current.kind === "table" && typeof step === "string"
        ? current.entries.get(step)
        : current.kind === "array" && typeof step === "number"
          ? current.items[step]
          : undefined;
    const opened: Growing = next ?? opening(path[index + 1], line);
    if (next === undefined) {
      if (current.kind === "table" && typeof step === "string") current.entries.set(step, opened);
      else if (current.kind === "array") current.items.push(opened);
    }
    current = opened;
  }
  if (current.kind !== "table") throw new ManifestError(line, "this header does not open a table");
  return current;
}

function opening(next: string | number | undefined, line: number): GrowingTable | GrowingArray {
  return typeof next === "number"
    ? { kind: "array", line, items: [] }
    : { kind: "table", line, entries: new Map(), implicit: true };
}

function assign(table: GrowingTable, pair: AST.TOMLKeyValue, depth: number): void {
  const line = pair.loc.start.line;
  const path = pair.key.keys.map((key) => (key.type === "TOMLBare" ? key.name : key.value));
  requireDepth(depth + path.length, line);
  const name = path.pop() ?? "";
  tableAt(table, path, line).entries.set(name, valueFrom(pair.value, depth + path.length + 1));
}

function valueFrom(node: AST.TOMLContentNode, depth: number): Growing {
  const line = node.loc.start.line;
  requireDepth(depth, line);
  if (node.type === "TOMLArray") {
    return { kind: "array", line, items: node.elements.map((element) => valueFrom(element, depth + 1)) };
  }
  if (node.type === "TOMLInlineTable") {
    const table: GrowingTable = { kind: "table", line, entries: new Map(), implicit: false };
    for (const pair of node.body) assign(table, pair, depth);
    return table;
  }
  switch (node.kind) {
    case "string":
      return { kind: "string", line, value: node.value };
    case "boolean":
      return { kind: "boolean", line, value: node.value };
    case "float":
      return { kind: "float", line, value: node.value };
    case "integer":
      if (BigInt.asIntN(64, node.bigint) !== node.bigint) {
        throw new ManifestError(line, `the integer ${node.number} does not fit into 64 bits`);
      }
      return { kind: "integer", line, value: node.bigint };
    default:
      return { kind: "date-time", line, text: node.datetime };
  }
}

function requireDepth(depth: number, line: number): void {
  if (depth > deepest) throw new ManifestError(line, `values are nested more than ${deepest} levels deep`);
}
