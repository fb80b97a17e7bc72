import { pointAliases } from "./aliases.ts";
import { type Artifact, blobsOf, type Manifest } from "./artifact.ts";
import { type ContentDelivery, createContentDelivery } from "./content.ts";
import type { Digest } from "./digest.ts";
import { immutableConflict, TagTaken } from "./immutability.ts";
import { knownContent } from "./known-content.ts";
import type { PublishPolicy, PublishReport, TargetState } from "./publication.ts";
import { formatReference } from "./reference.ts";
import type { RegistryClient } from "./registry.ts";
import { tagDigest, writeTag } from "./tag-write.ts";
import type { UploadTarget } from "./upload-target.ts";

/**
 * Publishes an artifact: its content, then the tag, then the aliases, each only where it is not yet as it should be.
 *
 * Nothing is written when the tag may not be moved. When something fails, what is under way is stopped before the
 * error is thrown, and the tag is what it was: it is written last, in one request. Running it again finishes the work.
 *
 * @param state what `inspectTarget` found, possibly minutes ago: an immutable tag is looked at once more right before it
 *   is written.
 * @throws Error naming the cause and the way out.
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
  const look = lookOnce(target, tag, digest);
  const content = createContentDelivery(target, root, knownContent(client, state), () => {
    if (policy.immutable) look().catch(() => {}); // awaited before the tag is written
  });
  try {
    const outcome = found === digest ? "held" : await deliverAndTag(target, root, tag, policy, content, look);
    const aliases = await pointAliases(target, root, state, policy, content);
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
  look: () => Promise<Digest | undefined>,
): Promise<"written" | "held"> {
  await content.deliver();
  const meanwhile = immutable ? await look() : undefined;
  if (meanwhile === root.descriptor.digest) return "held";
  if (meanwhile !== undefined) throw new TagTaken(meanwhile);
  return content.recovering(root, () => writeTag(target, root, tag, immutable));
}

function allPresent(root: Manifest): PublishReport["blobs"] {
  const total = blobsOf(root).size;
  return { total, uploaded: 0, mounted: 0, present: total };
}

/** The look that detects another publisher; begun while the last transfers run, so that nobody waits for it. */
function lookOnce(target: UploadTarget, tag: string, expected: Digest): () => Promise<Digest | undefined> {
  let looked: Promise<Digest | undefined> | undefined;
  return () => {
    looked ??= tagDigest(target, tag, expected);
    return looked;
  };
}
