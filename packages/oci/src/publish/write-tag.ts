import { declaredDigest } from "../client/pull.ts";
import { retryWork } from "../client/retry-work.ts";
import type { UploadTarget } from "../push/upload-target.ts";
import { putManifest } from "../push/write-manifest.ts";
import { isImmutabilityRefusal } from "../refusals/immutability-refusal.ts";
import type { Manifest } from "../spec/artifact.ts";
import type { Digest } from "../spec/digest.ts";
import { formatReference } from "../spec/reference.ts";
import { TagTaken } from "./immutability.ts";
import { hiddenTag, tagDigest } from "./read-tag.ts";

/**
 * Points a tag at a manifest whose content is complete.
 *
 * If the response to a write is lost, the tag is read before the write is repeated: some registries refuse to write a tag
 * twice, and another publisher may have taken it in the meantime.
 *
 * @param onlyNew the tag must not be moved from another digest.
 * @returns `held` if the tag turned out to point at the manifest already.
 * @throws TagTaken when it points at something else and must not be moved, by our rule or the registry's; Error when it must
 *   not be moved and cannot be read.
 */
export async function writeTag(
  target: UploadTarget,
  manifest: Manifest,
  tag: string,
  onlyNew: boolean,
): Promise<"written" | "held"> {
  const { client, repository, signal } = target;
  const { digest } = manifest.descriptor;
  const what = formatReference({ ...repository, tag });
  return retryWork(
    client,
    `writing ${what}`,
    async (number) => {
      if (number > 1) {
        const found = await tagDigest(target, tag, digest, "never");
        if (found === digest) return "written";
        if (found === "hidden" && onlyNew) throw hiddenTag(target, tag);
        if (found !== undefined && found !== "hidden" && onlyNew) throw new TagTaken(found);
      }
      try {
        const response = await putManifest(target, manifest, tag, { onlyNew, retry: "never" });
        await requireTagged(target, digest, tag, declaredDigest(response));
      } catch (error) {
        if (!isImmutabilityRefusal(error)) throw error;
        // ECR and Harbor refuse even the digest that the tag already has (moby/buildkit#3776).
        const found = await tagDigest(target, tag, digest, "never");
        if (found === digest) return "held";
        throw found === undefined || found === "hidden" ? error : new TagTaken(found, error);
      }
      client.tell({ kind: "manifest-written", digest, tag });
      return "written";
    },
    { signal },
  );
}

/**
 * If the response to a PUT does not name our digest, the tag is read, several times, since a registry may show a new tag late
 * (p2pool-starter-stack/pithead#429). A missing tag is acceptable, another digest is not.
 */
async function requireTagged(
  target: UploadTarget,
  digest: Digest,
  tag: string,
  declared: Digest | undefined,
): Promise<void> {
  if (declared === digest) return;
  const { client, repository } = target;
  const what = formatReference({ ...repository, tag });
  const read = async () => {
    const shown = await tagDigest(target, tag, digest, "never");
    const found = shown === "hidden" ? undefined : shown;
    if (found !== digest && (found !== undefined || declared !== undefined))
      throw new TagDiffers(found ?? declared);
  };
  const judge = (error: unknown) => (error instanceof TagDiffers ? { because: error.message } : undefined);
  await retryWork(client, `reading ${what}`, read, { judge, attempts: 4 }).catch((error: unknown) => {
    if (!(error instanceof TagDiffers)) throw error;
    throw new Error(
      `${what} was written with ${digest}, but ${error.message}. Do not use this tag, and check the registry.`,
    );
  });
}

/** A tag points at another digest than the one just written. */
class TagDiffers extends Error {
  constructor(digest: Digest | undefined) {
    super(`the registry says that it points at ${digest}`);
  }
}
