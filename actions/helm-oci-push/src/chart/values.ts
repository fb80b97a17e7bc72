import { isCollection, isScalar, type Node, parseAllDocuments, type Scalar } from "yaml";
import { resolveScalar } from "../yaml/resolve-scalar.ts";

/**
 * Writes values into the text of a values.yaml; everything else in it, comments included, stays as it is. A value
 * takes the type of the one that it replaces: what replaces a string or nothing is a string, even if it looks like a number.
 *
 * @param values by path: `image.repository`, `ports[0].containerPort`; a dot within a key is written `\.`.
 * @throws Error when a path does not exist (a typo would otherwise publish the default), leads to a map or list, or
 *   when a number or boolean would become a string.
 */
export function setValues(text: string, values: Readonly<Record<string, string>>): string {
  let edited = text;
  for (const [path, value] of Object.entries(values)) edited = setValue(edited, path, value);
  return edited;
}

function setValue(text: string, path: string, value: string): string {
  requireImageName(path, value);
  const scalar = findScalar(text, path);
  const [start, end] = scalar.range ?? [0, 0];
  const written = writtenAs(scalar, value, path);
  const before = text.slice(0, start);
  // "tag:" has no blank yet between the colon and the value.
  const blank = start === end && !/[\s[]$/.test(before) ? " " : "";
  return before + blank + written + text.slice(end);
}

function findScalar(text: string, path: string): Scalar {
  const documents = parseAllDocuments(text, {
    schema: "failsafe",
    keepSourceTokens: true,
    logLevel: "silent",
  });
  if (documents.length !== 1) {
    throw new Error(
      `Input "values" cannot be written into values.yaml, which has ${documents.length} documents; keep one.`,
    );
  }
  let node: unknown = documents[0]?.contents;
  const passed: string[] = [];
  for (const step of stepsOf(path)) {
    if (!isCollection(node) || !node.has(step)) {
      throw new Error(
        `Input "values" sets "${path}", but values.yaml has no "${[...passed, step].join(".")}"; correct the path or add it there.`,
      );
    }
    node = node.get(step, true);
    passed.push(String(step));
  }
  if (isScalar(node) && isOneLine(node)) return node;
  throw new Error(
    `Input "values" sets "${path}", which is not a single value in values.yaml; name one below it.`,
  );
}

/** Kubernetes refuses an image whose name has capitals, as the owner of a repository on GitHub may have. */
function requireImageName(path: string, value: string): void {
  if (!/(?:^|\.)image\.repository$/.test(path) || value === value.toLowerCase()) return;
  throw new Error(
    `Input "values" sets "${path}" to "${value}", but image names are lower-case; write "${value.toLowerCase()}".`,
  );
}

function stepsOf(path: string): readonly (string | number)[] {
  const parts = path.match(/(?:\\.|[^.[\\])+|\[[0-9]+\]/g) ?? [];
  if (parts.length === 0 || !/^(?:\\.|[^.[\\])+(?:\[[0-9]+\]|\.(?:\\.|[^.[\\])+)*$/.test(path)) {
    throw new Error(
      `Input "values" has the path "${path}"; write paths like image.repository or ports[0].containerPort.`,
    );
  }
  return parts.map((part) =>
    part.startsWith("[") ? Number(part.slice(1, -1)) : part.replace(/\\(.)/g, "$1"),
  );
}

function isOneLine(node: Node & { readonly type?: string }): boolean {
  return !String(node.type).startsWith("BLOCK_");
}

function writtenAs(scalar: Scalar, value: string, path: string): string {
  const kind =
    scalar.type === "PLAIN" && !scalar.tag ? resolveScalar(String(scalar.value ?? "")).kind : "text";
  const given = resolveScalar(value).kind;
  const isNumber = (one: string) => one === "integer" || one === "float";
  if (kind === "boolean" && given !== "boolean") throw mistyped(path, "true or false", value);
  if (isNumber(kind) && !isNumber(given)) throw mistyped(path, "a number", value);
  if (kind === "boolean" || isNumber(kind)) return value;
  return JSON.stringify(value);
}

function mistyped(path: string, wanted: string, value: string): Error {
  return new Error(`Input "values" sets "${path}", which is ${wanted} in values.yaml, to "${value}".`);
}
