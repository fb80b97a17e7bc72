import { repeat } from "@spin-publisher/http";
import { hasBlob } from "../push/blob-presence.ts";
import { uploadBlob } from "../push/upload.ts";
import type { UploadTarget } from "../push/upload-target.ts";
import { writeChild } from "../push/write-manifest.ts";
import { type Blob, blobsOf, type Manifest } from "../spec/artifact.ts";
import type { Digest } from "../spec/digest.ts";
import { mediaTypes } from "../spec/image-spec.ts";
import { formatReference } from "../spec/reference.ts";
import { listReferrers, type Referrers } from "./list-referrers.ts";
import { addToTag } from "./referrers-tag.ts";

/** All that is to be attached to one digest. */
export interface Attachment {
  readonly subject: Digest;
  readonly referrers: readonly Manifest[];
  /** What refers to it already, as `listReferrers` found. */
  readonly known: Referrers;
}

/**
 * Attaches referrers to manifests of a repository: their blobs, then they themselves, then the lists. Afterwards whoever lists
 * the referrers of a subject, in the way that its registry offers, finds all of them: every list is read back.
 *
 * Whether the registry answers with OCI-Subject does not matter. Some that do have no list (ECR), and some that have one do
 * not (zot); what counts is what a reader finds.
 *
 * @throws Error naming the subject whose list does not show them.
 */
export async function attachReferrers(
  target: UploadTarget,
  attachments: readonly Attachment[],
): Promise<void> {
  const manifests = attachments.flatMap(({ referrers }) => referrers);
  const blobs = new Map(manifests.flatMap((manifest) => [...blobsOf(manifest)]));
  await all([...blobs.values()].map((blob) => deliver(target, blob)));
  await all(manifests.map((manifest) => writeChild(target, manifest)));
  await all(
    attachments.map(({ subject, referrers, known }) => {
      const descriptors = referrers.map(({ descriptor }) => descriptor);
      if (known.via === "tag") return addToTag(target, subject, descriptors, known.manifests);
      return requireListed(
        target,
        subject,
        descriptors.map(({ digest }) => digest),
      );
    }),
  );
}

/** The empty config is in most repositories already; what is attached is new. */
async function deliver(target: UploadTarget, blob: Blob): Promise<void> {
  const { descriptor } = blob;
  if (descriptor.mediaType === mediaTypes.empty && (await hasBlob(target, descriptor))) return;
  await uploadBlob(target, blob);
}

/** Waits for all before it fails: a repetition must not meet requests of this run. */
async function all(work: readonly Promise<void>[]): Promise<void> {
  const failed = (await Promise.allSettled(work)).find(({ status }) => status === "rejected");
  if (failed?.status === "rejected") throw failed.reason;
}

/** The list does not show what was attached. */
class NotListed extends Error {}

/** Reads the registry's list until it shows the referrers; it may be updated late. */
async function requireListed(
  { client, repository }: UploadTarget,
  subject: Digest,
  wanted: readonly Digest[],
): Promise<void> {
  const what = formatReference({ ...repository, digest: subject });
  await repeat(
    async () => {
      const { manifests } = await listReferrers(client, repository, subject, "push");
      const listed = new Set(manifests.map(({ digest }) => digest));
      const missing = wanted.filter((digest) => !listed.has(digest));
      if (missing.length > 0) {
        throw new NotListed(
          `${repository.registry} took ${missing.join(", ")}, but does not list it among what refers to ${what}, so that nobody finds it. Check that the registry, and a proxy in front of it, supports the OCI referrers API.`,
        );
      }
    },
    (error) =>
      error instanceof NotListed ? { because: "the list of referrers is not up to date" } : undefined,
    client.retry,
  );
}
