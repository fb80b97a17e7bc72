import type { Manifest } from "./artifact.ts";
import type { ContentDelivery } from "./content.ts";
import { TagTaken } from "./immutability.ts";
import type { AliasReport, PublishPolicy, TargetState } from "./publication.ts";
import { formatReference } from "./reference.ts";
import { writeTag } from "./tag-write.ts";
import type { UploadTarget } from "./upload-target.ts";

/**
 * Lets the aliases point at a published manifest, all at once. Those that do already, and those that the policy keeps
 * where they are, cost no request.
 *
 * @throws Error naming the alias that could not be moved; a re-run moves it.
 */
export async function pointAliases(
  target: UploadTarget,
  root: Manifest,
  state: TargetState,
  { keepAlias }: PublishPolicy,
  content: Pick<ContentDelivery, "recovering">,
): Promise<readonly AliasReport[]> {
  const point = async (tag: string): Promise<AliasReport> => {
    const current = state.aliases.get(tag);
    if (current?.descriptor.digest === root.descriptor.digest) return { tag, outcome: "unchanged" };
    const reason = current === undefined ? undefined : keepAlias?.(tag, current);
    if (reason !== undefined) return { tag, outcome: "kept", reason };
    try {
      const outcome = await content.recovering(root, () => writeTag(target, root, tag, false));
      return { tag, outcome: outcome === "written" ? "moved" : "unchanged" };
    } catch (error) {
      if (!(error instanceof TagTaken)) throw error;
      const alias = formatReference({ ...target.repository, tag });
      throw new Error(
        `${state.target.tag} is published, but the alias ${alias} stays at ${error.digest}, because the registry keeps its tags immutable; exempt the alias from that rule, or do not ask for it.`,
        { cause: error.cause },
      );
    }
  };
  const outcomes = await Promise.allSettled(state.target.aliases.map(point));
  return outcomes.map((outcome) => {
    if (outcome.status === "rejected") throw outcome.reason;
    return outcome.value;
  });
}
