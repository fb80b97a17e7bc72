import type { WorkflowEvent } from "../action/event.ts";

/** The filters of one event in `on:`, as the parser returns them. */
export interface EventFilters {
  readonly branches?: readonly string[];
  readonly "branches-ignore"?: readonly string[];
  readonly tags?: readonly string[];
  readonly "tags-ignore"?: readonly string[];
  readonly paths?: readonly string[];
  readonly "paths-ignore"?: readonly string[];
  readonly types?: readonly string[];
}

/** The activity types a workflow listens to when it names none (docs: events that trigger workflows). */
const defaultTypes = ["opened", "synchronize", "reopened"];

/**
 * Whether an event starts a workflow with these triggers.
 *
 * @throws Error for a filter by changed paths, which the sandbox does not know.
 */
export function isTriggered(triggers: Readonly<Record<string, unknown>>, event: WorkflowEvent): boolean {
  if (!Object.hasOwn(triggers, event.name)) return false;
  const filters: EventFilters = { ...Object(triggers[event.name]) };
  if (filters.paths !== undefined || filters["paths-ignore"] !== undefined)
    throw new Error(`The trigger ${event.name} filters by paths, which the sandbox cannot decide.`);
  if (event.name === "pull_request") {
    const action = String(event.payload.action);
    if (!(filters.types ?? defaultTypes).includes(action)) return false;
    return passes(event.baseRef, filters.branches, filters["branches-ignore"]) ?? true;
  }
  if (event.name !== "push") return true;
  const [, kind, name = ""] = /^refs\/(heads|tags)\/(.+)$/.exec(event.ref) ?? [];
  const branches = passes(name, filters.branches, filters["branches-ignore"]);
  const tags = passes(name, filters.tags, filters["tags-ignore"]);
  // Filters of one kind alone exclude everything of the other.
  return kind === "tags" ? (tags ?? branches === undefined) : (branches ?? tags === undefined);
}

/** Whether a name passes the filters, or undefined where there are none. */
function passes(
  name: string,
  only: readonly string[] | undefined,
  ignore: readonly string[] | undefined,
): boolean | undefined {
  if (only !== undefined) return matches(name, only);
  if (ignore !== undefined) return !matches(name, ignore);
  return undefined;
}

/** The last pattern that matches decides; one with `!` takes the name out again. */
export function matches(name: string, patterns: readonly string[]): boolean {
  let matched = false;
  for (const pattern of patterns) {
    const negated = pattern.startsWith("!");
    if (filterExpression(negated ? pattern.slice(1) : pattern).test(name)) matched = !negated;
  }
  return matched;
}

/**
 * A filter pattern as a regular expression (docs: workflow syntax, filter pattern cheat sheet). It is neither a glob
 * nor a regular expression: `*` stays inside one path segment, `?` and `+` repeat the character before them.
 */
function filterExpression(pattern: string): RegExp {
  const translated = pattern.replace(/\\.|\*\*|\*|\[[^\]]*\]|[?+]|[\s\S]/g, (token) => {
    if (token === "**") return ".*";
    if (token === "*") return "[^/]*";
    if (token === "?" || token === "+") return token;
    if (token.length > 1 && token.startsWith("[")) return token;
    return (token.startsWith("\\") ? token.slice(1) : token).replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&");
  });
  return new RegExp(`^${translated}$`, "s");
}
