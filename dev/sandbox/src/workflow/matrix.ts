import type { Variables } from "./document.ts";

/**
 * The combinations of a matrix, in GitHub's order, then what `include` adds. A whole matrix that is one expression
 * stays one until the job begins.
 *
 * @throws Error for `exclude`, and for lists that are expressions of their own, which the sandbox does not carry out.
 */
export function matrixOf(value: unknown, where: string): string | readonly Variables[] {
  if (value === undefined || value === null) return [{}];
  if (typeof value === "string") return value;
  const { include, exclude, ...lists } = Object(value) as Readonly<Record<string, unknown>>;
  if (exclude !== undefined)
    throw new Error(`${where} uses "exclude", which the sandbox does not carry out.`);
  let combinations: readonly Variables[] = [{}];
  for (const [name, list] of Object.entries(lists)) {
    if (!Array.isArray(list)) throw new Error(`${where}: the list "${name}" of the matrix is not a list.`);
    combinations = combinations.flatMap((combination) =>
      list.map((item: unknown) => ({ ...combination, [name]: String(item) })),
    );
  }
  const added = Array.isArray(include) ? include.map((item: unknown) => textsOf(Object(item))) : [];
  return Object.keys(lists).length === 0 && added.length > 0 ? added : [...combinations, ...added];
}

function textsOf(item: Readonly<Record<string, unknown>>): Variables {
  return Object.fromEntries(Object.entries(item).map(([name, value]) => [name, String(value)]));
}
