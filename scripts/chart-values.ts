import { isMap, isScalar, parseDocument } from "yaml";
import { between, code, table } from "./markdown.ts";

/** A value of a chart: its path, what the comment above it says, and its default as JSON. */
export interface ChartValue {
  readonly path: string;
  readonly description: string;
  readonly default: string;
}

/**
 * The values that a values.yaml documents: a key below a comment that begins with `# -- `. The comment of a map documents
 * the map as a whole.
 *
 * @throws Error naming a value that is documented neither by itself nor by what it is in.
 */
export function valuesOf(valuesYaml: string): readonly ChartValue[] {
  const document = parseDocument(valuesYaml);
  const [error] = document.errors;
  if (error !== undefined) throw error;
  return isMap(document.contents) ? valuesIn(document.contents.items, [], valuesYaml) : [];
}

/** A chart's README with a fresh table of values between its markers `values`. */
export function withValues(readme: string, valuesYaml: string): string {
  const rows = valuesOf(valuesYaml).map(({ path, description, default: fallback }) => [
    code(path),
    description,
    // A table holds a glance; what is longer is read where it stands.
    fallback.length > 40 ? "see values.yaml" : code(fallback),
  ]);
  return between(readme, "values", table(["Value", "Description", "Default"], rows));
}

type Items = readonly { readonly key: unknown; readonly value: unknown }[];

function valuesIn(items: Items, above: readonly string[], text: string): readonly ChartValue[] {
  return items.flatMap(({ key, value }) => {
    if (!isScalar(key)) return [];
    const path = [...above, String(key.value)];
    const description = descriptionBefore(text, key.range?.[0] ?? 0);
    if (description !== undefined) {
      return [{ path: path.join("."), description, default: JSON.stringify(value ?? null) }];
    }
    if (isMap(value) && value.items.length > 0) return valuesIn(value.items as Items, path, text);
    throw new Error(`values.yaml does not describe ${path.join(".")}: put a comment "# -- …" above it.`);
  });
}

/** The block of comment lines that ends right above an offset, from its `# -- ` on; undefined where there is none. */
function descriptionBefore(text: string, offset: number): string | undefined {
  const lines = text.slice(0, text.lastIndexOf("\n", offset) + 1).split("\n");
  lines.pop();
  const found: string[] = [];
  for (let line = lines.pop()?.trim(); line?.startsWith("#"); line = lines.pop()?.trim()) {
    const words = line.replace(/^#\s*/, "");
    if (words.startsWith("-- ")) return [words.slice(3), ...found].join(" ");
    found.unshift(words);
  }
  return undefined;
}
