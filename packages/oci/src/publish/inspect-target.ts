import { pullManifest } from "../client/pull.ts";
import type { FetchedManifest, RegistryClient } from "../client/types.ts";
import { isTag } from "../spec/reference.ts";
import type { PublishTarget, TargetState } from "./publication.ts";

/**
 * Looks at what the target holds: one GET for the tag and one for each alias, all at once. Start it before building;
 * nothing of it depends on what is built.
 *
 * @throws Error when a tag is not legal, or the registry does not let itself be asked.
 */
export async function inspectTarget(client: RegistryClient, target: PublishTarget): Promise<TargetState> {
  const { repository, tag } = target;
  const aliases = [...new Set(target.aliases)].filter((alias) => alias !== tag);
  for (const name of [tag, ...aliases]) requireTag(name);
  const look = (name: string): Promise<FetchedManifest | undefined> =>
    pullManifest(client, { ...repository, tag: name }, "inspect");
  const [existing, ...found] = await Promise.all([look(tag), ...aliases.map(look)]);
  return {
    target: { repository, tag, aliases },
    existing,
    aliases: new Map(aliases.map((alias, index) => [alias, found[index]])),
    previous: existing ?? found.find((manifest) => manifest !== undefined),
  };
}

function requireTag(tag: string): void {
  if (isTag(tag)) return;
  throw new Error(
    `"${tag}" is not a legal tag: a tag has 1 to 128 letters, digits, ".", "_" and "-", and starts with none of "." and "-".`,
  );
}
