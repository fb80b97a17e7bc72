import type { RegistryReader } from "../client/types.ts";
import { RegistryRefusal } from "../refusals/registry-refusal.ts";
import type { Digest } from "../spec/digest.ts";
import { formatReference } from "../spec/reference.ts";
import type { PublishPolicy, TargetState } from "./publication.ts";

/** The tag points at another digest and must not be moved. */
export class TagTaken extends Error {
  readonly digest: Digest;

  constructor(digest: Digest, cause?: unknown) {
    super(`The tag points at ${digest}.`, cause === undefined ? {} : { cause });
    this.digest = digest;
  }
}

/** The refusal to move an immutable tag: the tag, both digests, the differences, and the two ways to proceed. */
export async function immutableConflict(
  reader: RegistryReader,
  { target, existing }: TargetState,
  found: Digest,
  built: Digest,
  { describeDifference, immutable }: PublishPolicy,
  cause?: unknown,
): Promise<Error> {
  const tag = formatReference({ ...target.repository, tag: target.tag });
  // Neither a description that fails nor another publisher's manifest that cannot be read may hide the conflict.
  const current =
    existing?.descriptor.digest === found
      ? existing
      : await reader.manifest({ ...target.repository, digest: found }).catch(() => undefined);
  const lines = current === undefined ? [] : ((await describeDifference?.(current).catch(() => [])) ?? []);
  const differs =
    lines.length === 0 ? "" : ` What differs:\n${lines.map((line) => `  - ${line}`).join("\n")}\n`;
  const byRegistry = !immutable || (cause instanceof RegistryRefusal && /immutab/i.test(cause.text));
  const advice = byRegistry
    ? "The registry keeps tags immutable: publish under a new tag, or change that rule in the registry."
    : "Publish under a new tag, or set immutable: false to move this one.";
  return new Error(
    `${tag} already points at ${found}, but this run built ${built}, so the tag was not written.${differs === "" ? " " : differs}${advice}`,
    cause === undefined ? {} : { cause },
  );
}
