import type { FetchedManifest, RegistryReader } from "../client/types.ts";
import { RegistryRefusal } from "../refusals/registry-refusal.ts";
import type { Digest } from "../spec/digest.ts";
import { formatReference } from "../spec/reference.ts";
import type { PublishPolicy, TargetState } from "./publication.ts";

/** A tag that points at another digest and may not be moved. */
export class TagTaken extends Error {
  readonly digest: Digest;

  constructor(digest: Digest, cause?: unknown) {
    super(`The tag points at ${digest}.`, cause === undefined ? {} : { cause });
    this.digest = digest;
  }
}

const immutableStatuses = [400, 403, 405, 409, 412];
const immutableWords = /immutab|cannot be (?:overwritten|updated)|already (?:exists|assigned)|PRECONDITION/i;

/**
 * Whether a registry refused to move a tag because it, not we, holds tags immutable. There is no status or code for
 * it: ECR, Docker Hub, Harbor, Artifact Registry and Quay each have their own words.
 */
export function isImmutabilityRefusal(error: unknown): error is RegistryRefusal {
  return (
    error instanceof RegistryRefusal &&
    immutableStatuses.includes(error.status) &&
    (error.status === 412 || immutableWords.test(error.text))
  );
}

/** The refusal to move an immutable tag: the tag, both digests, what differs, and the two ways out. */
export async function immutableConflict(
  reader: RegistryReader,
  { target, existing }: TargetState,
  found: Digest,
  built: Digest,
  { describeDifference, immutable }: PublishPolicy,
  cause?: unknown,
): Promise<Error> {
  const tag = formatReference({ ...target.repository, tag: target.tag });
  const holds =
    existing?.descriptor.digest === found ? existing : await peek(reader, target.repository, found);
  // A description that fails must not hide the conflict.
  const lines = holds === undefined ? [] : ((await describeDifference?.(holds).catch(() => [])) ?? []);
  const differs =
    lines.length === 0 ? "" : ` What differs:\n${lines.map((line) => `  - ${line}`).join("\n")}\n`;
  const byRegistry = !immutable || (cause instanceof RegistryRefusal && /immutab/i.test(cause.text));
  const wayOut = byRegistry
    ? "The registry keeps tags immutable: publish under a new tag, or change the rule there."
    : "Publish under a new tag, or set immutable: false to move this one.";
  return new Error(
    `${tag} already points at ${found}, and what was built is ${built}, so nothing was written to the tag.${differs === "" ? " " : differs}${wayOut}`,
    cause === undefined ? {} : { cause },
  );
}

/** What another publisher has put there meanwhile; the conflict is clear without it. */
function peek(
  reader: RegistryReader,
  repository: TargetState["target"]["repository"],
  digest: Digest,
): Promise<FetchedManifest | undefined> {
  return reader.manifest({ ...repository, digest }).catch(() => undefined);
}
