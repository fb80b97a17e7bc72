import type { RegistryClient } from "../client/types.ts";
import type { UploadTarget } from "../push/upload-target.ts";
import { type Artifact, blobsOf, type Manifest } from "../spec/artifact.ts";
import type { Digest } from "../spec/digest.ts";
import { formatReference } from "../spec/reference.ts";
import { pointAliases } from "./aliases.ts";
import { type ContentDelivery, createContentDelivery } from "./deliver-content.ts";
import { immutableConflict, TagTaken } from "./immutability.ts";
import { knownContent } from "./known-content.ts";
import type { PublishPolicy, PublishReport, TargetState } from "./publication.ts";
import { confirmTag, hiddenTag, recheckTag } from "./read-tag.ts";
import { writeTag } from "./write-tag.ts";

/**
 * Publishes an artifact: its content, then the tag, then the aliases, each only where it is not yet as it should be. The
 * README of this package has a diagram.
 *
 * Nothing is written if the tag must not be moved. If something fails, everything in progress is stopped before the error is
 * thrown, and the tag is unchanged: it is written last, in one request. Running it again completes the work.
 *
 * @param state what `inspectTarget` found, possibly minutes ago: an immutable tag is read again right before and right after
 *   it is written.
 * @throws Error naming the cause and what to do.
 */
export async function publish(
  client: RegistryClient,
  { root }: Artifact,
  state: TargetState,
  policy: PublishPolicy,
): Promise<PublishReport> {
  const { repository, tag } = state.target;
  const { digest } = root.descriptor;
  const found = state.existing?.descriptor.digest;
  const conflict = (taken: Digest, cause?: unknown) =>
    immutableConflict(client, state, taken, digest, policy, cause);
  if (policy.immutable && found !== undefined && found !== digest) throw await conflict(found);

  const stop = new AbortController();
  const target: UploadTarget = { client, repository, signal: stop.signal };
  const content = createContentDelivery(target, root, knownContent(client, state), policy.unaskedBytes);
  try {
    const outcome = found === digest ? "held" : await deliverAndTag(target, root, tag, policy, content);
    const confirming =
      policy.immutable && outcome === "written" ? confirmTag(target, tag, digest) : undefined;
    if (policy.beforeAliases !== undefined) {
      await confirming;
      await policy.beforeAliases();
    }
    const [confirmed, pointed] = await Promise.allSettled([
      confirming,
      pointAliases(target, root, state, policy, content),
    ]);
    if (confirmed.status === "rejected") throw confirmed.reason;
    if (pointed.status === "rejected") throw pointed.reason;
    const aliases = pointed.value;
    const { requests, retries, uploadedBytes } = client.traffic();
    return {
      reference: formatReference({ ...repository, tag, digest }),
      digest,
      tag,
      changed: outcome === "written",
      uploadedBytes,
      blobs: found === digest ? allPresent(root) : { total: blobsOf(root).size, ...content.tally() },
      requests,
      retries,
      aliases,
    };
  } catch (error) {
    stop.abort();
    await content.settled();
    throw error instanceof TagTaken ? await conflict(error.digest, error.cause) : error;
  }
}

async function deliverAndTag(
  target: UploadTarget,
  root: Manifest,
  tag: string,
  { immutable }: PublishPolicy,
  content: ContentDelivery,
): Promise<"written" | "held"> {
  const { begun, done } = content.deliver();
  const currentTag = immutable
    ? recheckTag(target, tag, root.descriptor.digest, begun)
    : async () => undefined;
  await done;
  const meanwhile = await currentTag();
  if (meanwhile === root.descriptor.digest) return "held";
  if (meanwhile === "hidden") throw hiddenTag(target, tag);
  if (meanwhile !== undefined) throw new TagTaken(meanwhile);
  return content.recovering(root, () => writeTag(target, root, tag, immutable));
}

function allPresent(root: Manifest): PublishReport["blobs"] {
  const total = blobsOf(root).size;
  return { total, uploaded: 0, mounted: 0, present: total };
}
