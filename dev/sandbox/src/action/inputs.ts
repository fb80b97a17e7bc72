import type { ActionDefinition } from "./definition.ts";
import { type Contexts, type ExpressionFunctions, interpolate } from "./expression.ts";

/**
 * The `INPUT_*` variables of an action: every declared input, what was given before the evaluated default, and
 * empty where there is neither. A hyphen stays in the name; only spaces become underscores.
 *
 * @throws Error when an input is given that the action does not declare (a runner only warns; here it is a typo).
 */
export function inputVariables(
  definition: ActionDefinition,
  given: Readonly<Record<string, string>>,
  contexts: Contexts,
  functions: ExpressionFunctions = {},
): Record<string, string> {
  const declared = new Set(definition.inputs.map(({ name }) => name.toLowerCase()));
  const unknown = Object.keys(given).filter((name) => !declared.has(name.toLowerCase()));
  if (unknown.length > 0) {
    const known = definition.inputs.map(({ name }) => name).join(", ");
    throw new Error(`${definition.name} has no input "${unknown.join('", "')}"; it declares ${known}.`);
  }
  const byName = new Map(Object.entries(given).map(([name, value]) => [name.toLowerCase(), value]));
  return Object.fromEntries(
    definition.inputs.map(({ name, default: fallback = "" }) => [
      `INPUT_${name.replaceAll(" ", "_").toUpperCase()}`,
      byName.get(name.toLowerCase()) ?? interpolate(fallback, contexts, functions),
    ]),
  );
}
