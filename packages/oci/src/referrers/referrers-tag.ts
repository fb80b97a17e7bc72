import { repeat, transientError } from "@spin-publisher/http";
import type { UploadTarget } from "../push/upload-target.ts";
import { putManifest } from "../push/write-manifest.ts";
import { isImmutabilityRefusal } from "../refusals/immutability-refusal.ts";
import { RegistryRefusal } from "../refusals/registry-refusal.ts";
import { manifestOf } from "../spec/artifact.ts";
import type { Digest } from "../spec/digest.ts";
import { type Descriptor, mediaTypes } from "../spec/image-spec.ts";
import { formatReference } from "../spec/reference.ts";
import { fromTag } from "./list-referrers.ts";
import { referrersTag } from "./referrer.ts";

/** The tag does not show everything yet: another writer was faster, or the registry shows an older state. */
class Incomplete extends Error {}

/**
 * Adds referrers to the tag that lists those of a digest, all in one write.
 *
 * No registry offers a conditional write for it, so two writers may each overwrite what the other added
 * (google/go-containerregistry#2205). Therefore the tag is read right before it is written, and read back after a pause in
 * which a writer that had read the older list finishes; whatever was seen in any of these reads is put back if it is missing.
 *
 * @param known the list as it was read before.
 * @throws Error when the registry refuses a second write of a tag, or the tag never shows everything.
 */
export async function addToTag(
  target: UploadTarget,
  subject: Digest,
  added: readonly Descriptor[],
  known: readonly Descriptor[],
): Promise<void> {
  const { client, repository, signal } = target;
  const tag = referrersTag(subject);
  const what = formatReference({ ...repository, tag });
  const all = new Map([...known, ...added].map((entry) => [entry.digest, entry]));
  /** Referrers that others listed, and that do not exist any more. */
  const gone = new Set<Digest>();
  await repeat(
    async () => {
      const current = await fromTag(client, repository, subject, "push");
      for (const entry of current) if (!gone.has(entry.digest)) all.set(entry.digest, entry);
      const listed = new Set(current.map(({ digest }) => digest));
      if ([...all.keys()].every((digest) => listed.has(digest))) return;
      const started = client.retry.now();
      try {
        await putManifest(target, listOf([...all.values()]), tag);
      } catch (error) {
        if (isImmutabilityRefusal(error)) throw immutable(what, error);
        if (!isMissingContent(error)) throw error;
        for (const digest of await missing(target, [...all.keys()])) {
          if (added.some((entry) => entry.digest === digest)) throw error;
          gone.add(digest);
          all.delete(digest);
        }
      }
      const took = client.retry.now() - started;
      await client.retry.sleep(3 * took, signal);
      throw new Incomplete(
        `${what} was written, but does not list everything that refers to ${subject}: other jobs write it too, or the registry shows old states of tags. Run the job again.`,
      );
    },
    (error) => {
      if (error instanceof Incomplete) return { because: "the list is read back" };
      if (error instanceof RegistryRefusal) return undefined; // retried as a request already
      return transientError(error);
    },
    { ...client.retry, attempts: 16, firstDelay: 50 },
    { signal },
  );
}

function listOf(manifests: readonly Descriptor[]) {
  const document = JSON.stringify({ schemaVersion: 2, mediaType: mediaTypes.index, manifests });
  return manifestOf(mediaTypes.index, document, {});
}

function immutable(what: string, cause: RegistryRefusal): Error {
  return new Error(
    `${what} lists what refers to this digest, and the registry keeps tags immutable, so that nothing can be added. Exempt the tags sha256-* from that rule.`,
    { cause },
  );
}

/** A registry that checks the content of an index refuses one with an entry that was deleted. */
function isMissingContent(error: unknown): boolean {
  return (
    error instanceof RegistryRefusal &&
    [400, 404].includes(error.status) &&
    error.hasCode("MANIFEST_BLOB_UNKNOWN", "MANIFEST_UNKNOWN", "BLOB_UNKNOWN", "MANIFEST_INVALID")
  );
}

async function missing(
  { client, repository }: UploadTarget,
  digests: readonly Digest[],
): Promise<readonly Digest[]> {
  const found = await Promise.all(digests.map((digest) => client.manifest({ ...repository, digest })));
  return digests.filter((_, position) => found[position] === undefined);
}
