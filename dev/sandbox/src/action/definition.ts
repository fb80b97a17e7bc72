import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { isObject } from "@spin-publisher/json";
import { parse } from "yaml";

export interface InputDefinition {
  readonly name: string;
  readonly default: string | undefined;
  readonly required: boolean;
}

/** What `action.yml` declares, as far as running it needs. */
export interface ActionDefinition {
  readonly folder: string;
  readonly name: string;
  readonly inputs: readonly InputDefinition[];
  readonly outputs: readonly string[];
  /** Script paths relative to the folder. */
  readonly main: string;
  readonly post: string | undefined;
  /** An expression; `always()` where none is declared. */
  readonly postIf: string;
}

/**
 * Reads an action's `action.yml`.
 *
 * @throws Error when it is missing, or not a `node24` action without `pre` (a runner ignores `pre`
 *   for an action used from the checkout).
 */
export async function readActionDefinition(folder: string): Promise<ActionDefinition> {
  const path = join(folder, "action.yml");
  const document = recordOf(parse(await readFile(path, "utf8")), path);
  const runs = recordOf(document.runs, `${path}: runs`);
  if (runs.using !== "node24")
    throw new Error(`${path} runs using "${String(runs.using)}", but the sandbox runs node24 actions only.`);
  if (runs.pre !== undefined)
    throw new Error(`${path} declares "pre", which a runner never runs for an action used by its path.`);
  const inputs = Object.entries(recordOf(document.inputs ?? {}, `${path}: inputs`));
  return {
    folder,
    name: textOf(document.name, `${path}: name`),
    inputs: inputs.map(([name, value]) => {
      const input = recordOf(value ?? {}, `${path}: inputs.${name}`);
      const fallback = input.default;
      return {
        name,
        default: fallback === undefined || fallback === null ? undefined : String(fallback),
        required: input.required === true,
      };
    }),
    outputs: Object.keys(recordOf(document.outputs ?? {}, `${path}: outputs`)),
    main: textOf(runs.main, `${path}: runs.main`),
    post: runs.post === undefined ? undefined : textOf(runs.post, `${path}: runs.post`),
    postIf: runs["post-if"] === undefined ? "always()" : textOf(runs["post-if"], `${path}: runs.post-if`),
  };
}

function recordOf(value: unknown, where: string): Readonly<Record<string, unknown>> {
  if (!isObject(value)) throw new Error(`${where} is not a mapping.`);
  return { ...value };
}

function textOf(value: unknown, where: string): string {
  if (typeof value !== "string" || value === "") throw new Error(`${where} is missing.`);
  return value;
}
