import { messageOf } from "@spin-publisher/errors";
import type { UploadTarget } from "../push/upload-target.ts";
import type { Manifest } from "../spec/artifact.ts";
import { formatReference } from "../spec/reference.ts";
import type { ContentDelivery } from "./deliver-content.ts";
import { TagTaken } from "./immutability.ts";
import type { AliasReport, PublishPolicy, TargetState } from "./publication.ts";
import { writeTag } from "./write-tag.ts";

/**
 * Points the aliases at a published manifest, in parallel. Aliases that already point at it, and those that the policy keeps
 * where they are, cost no request.
 *
 * @throws Error naming what is published nevertheless, and for each alias that was not moved, why; a re-run moves it.
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
    const reason = current === undefined ? undefined : await keepAlias?.(tag, current);
    if (reason !== undefined) return { tag, outcome: "kept", reason };
    const outcome = await content.recovering(root, () => writeTag(target, root, tag, false));
    return { tag, outcome: outcome === "written" ? "moved" : "unchanged" };
  };
  const outcomes = await Promise.allSettled(state.target.aliases.map(point));
  const failed = outcomes.flatMap((outcome, index) =>
    outcome.status === "fulfilled" ? [] : [{ alias: state.target.aliases[index], reason: outcome.reason }],
  );
  if (failed.length > 0) {
    const published = formatReference({
      ...target.repository,
      tag: state.target.tag,
      digest: root.descriptor.digest,
    });
    const stayed = failed.map(({ alias = "", reason }) => {
      return `the alias ${formatReference({ ...target.repository, tag: alias })} ${whyNotMoved(reason)}`;
    });
    throw new Error(`${published} is published, but ${stayed.join(" And ")}`, { cause: failed[0]?.reason });
  }
  return outcomes.flatMap((outcome) => (outcome.status === "fulfilled" ? [outcome.value] : []));
}

/** The end of a sentence about an alias. */
function whyNotMoved(error: unknown): string {
  if (error instanceof TagTaken) {
    return `still points at ${error.digest}, because the registry keeps tags immutable. Exempt the alias from that rule, or do not set it.`;
  }
  return `was not moved: ${messageOf(error)}`;
}
