import { pullManifest } from "../client/pull.ts";
import type { FetchedManifest, RegistryClient } from "../client/types.ts";
import { isTag } from "../spec/reference.ts";
import type { PublishTarget, TargetState } from "./publication.ts";

/**
 * Reads what the target contains: one GET for the tag and one for each alias, in parallel. Call it before building; it does
 * not depend on what is built.
 *
 * @throws Error when a tag is illegal or the registry refuses to answer.
 */
export async function inspectTarget(client: RegistryClient, target: PublishTarget): Promise<TargetState> {
  const { repository, tag } = target;
  const aliases = [...new Set(target.aliases)].filter((alias) => alias !== tag);
  for (const name of [tag, ...aliases]) requireTag(name);
  const read = (name: string): Promise<FetchedManifest | undefined> =>
    pullManifest(client, { ...repository, tag: name }, "inspect");
  const [existing, ...found] = await Promise.all([read(tag), ...aliases.map(read)]);
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
    `"${tag}" is not a legal tag: expected 1 to 128 letters, digits, ".", "_" or "-", starting with a letter, a digit or "_".`,
  );
}
