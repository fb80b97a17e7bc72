import type { GitHubEvent } from "./event.ts";
import { text } from "./inputs.ts";
import { packagesHost } from "./registry-credentials.ts";

/**
 * The repository that an input names, or else that of the Git repository in GitHub's own registry. Names in registries
 * are lower-case; owners on GitHub need not be.
 *
 * @param below what follows the repository's name, `/content`.
 */
export function repositoryInput(name: string, event: GitHubEvent, below = ""): string {
  const given = text(name).replace(/\/+$/, "");
  return (
    given === "" ? `${placeholdersOf(event).registry}/${placeholdersOf(event).repository}${below}` : given
  ).toLowerCase();
}

/** What `{registry}` and `{repository}` stand for in inputs that have such placeholders, both in lower case. */
export function placeholdersOf({ serverUrl, repository: { owner, name } }: GitHubEvent): {
  readonly registry: string;
  readonly repository: string;
} {
  return { registry: packagesHost(serverUrl), repository: `${owner}/${name}`.toLowerCase() };
}

/**
 * Replaces `{name}` by its value.
 *
 * @throws Error for a placeholder that has none.
 */
export function fillPlaceholders(text: string, values: Readonly<Record<string, string>>): string {
  return text.replace(/\{([a-z-]+)\}/g, (placeholder, name: string) => {
    const value = values[name];
    if (value !== undefined) return value;
    const known = Object.keys(values).map((key) => `{${key}}`);
    throw new Error(`"${text}" contains "${placeholder}", which is unknown; use one of ${known.join(", ")}.`);
  });
}
