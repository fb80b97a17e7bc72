import { declaredDigest, pullManifest } from "../client/pull.ts";
import type { UploadTarget } from "../push/upload-target.ts";
import { RegistryRefusal } from "../refusals/registry-refusal.ts";
import type { Digest } from "../spec/digest.ts";
import { acceptedTypes } from "../spec/parse-manifest.ts";
import { formatReference } from "../spec/reference.ts";

/** What a tag points at; undefined if it does not exist, `hidden` if the registry answers 403. */
export type TagState = Digest | "hidden" | undefined;

/**
 * Reads what a tag points at now. The header of a HEAD is enough if it names the `expected` digest; any other answer may lead
 * to a refusal and is read from the manifest itself.
 *
 * @param retry `never` if the caller retries the work that this request is part of.
 */
export async function tagDigest(
  { client, repository, signal }: UploadTarget,
  tag: string,
  expected: Digest,
  retry?: "never",
): Promise<TagState> {
  const response = await client.send({
    method: "HEAD",
    repository,
    path: `manifests/${tag}`,
    access: "push",
    headers: { accept: acceptedTypes },
    signal,
    ...(retry === undefined ? {} : { retry }),
  });
  if (response.status === 404) return undefined;
  if (response.status === 403) return "hidden";
  if (response.status === 200 && declaredDigest(response) === expected) return expected;
  try {
    return (await pullManifest(client, { ...repository, tag }, "push"))?.descriptor.digest;
  } catch (error) {
    if (error instanceof RegistryRefusal && error.status === 403) return "hidden";
    throw error;
  }
}

/** The refusal to write an immutable tag that could not be read: it may exist. */
export function hiddenTag({ repository }: UploadTarget, tag: string): Error {
  const what = formatReference({ ...repository, tag });
  return new Error(
    `${repository.registry} takes content for ${what} but does not say whether the tag exists (403), so the tag was not written. Give the token read access to the repository, or set immutable: false to write the tag whatever it points at.`,
  );
}

/**
 * How long a recheck is valid, in milliseconds: within that time another publisher's write goes unnoticed. Longer than the
 * last small transfers take, so that only large ones cost another request.
 */
const freshness = 1000;

/**
 * Reads an immutable tag again, to detect another publisher. The request runs in parallel with the last transfers, so that it
 * costs no time.
 *
 * @param begun resolves when only transfers that have already started remain.
 * @returns the tag's state, to be called when the transfers are done. It is read once more if they took long, or if the
 *   repository may not have existed at first.
 */
export function recheckTag(
  target: UploadTarget,
  tag: string,
  expected: Digest,
  begun: Promise<unknown>,
): () => Promise<TagState> {
  const { now } = target.client.retry;
  const early = begun.then(() => {
    const found = tagDigest(target, tag, expected);
    found.catch(() => {}); // thrown below
    return { at: now(), found };
  });
  return async () => {
    const { at, found } = await early;
    // Registries answer 403 for a repository that does not exist, and by now it does.
    const state = now() - at <= freshness ? await found : "hidden";
    return state === "hidden" ? tagDigest(target, tag, expected) : state;
  };
}

/**
 * Reads an immutable tag again right after it was written. Few registries refuse to overwrite a tag, so if two publishers
 * both found it free, the later one wins; the earlier one finds out here.
 *
 * A request that fails, or does not show the tag yet, is ignored: the write was accepted.
 *
 * @throws Error when the tag points at something else.
 */
export async function confirmTag(target: UploadTarget, tag: string, written: Digest): Promise<void> {
  const found = await tagDigest(target, tag, written, "never").catch(() => undefined);
  if (found === undefined || found === "hidden" || found === written) return;
  const what = formatReference({ ...target.repository, tag });
  throw new Error(
    `${what} was written with ${written}, but now points at ${found}: another job moved the tag at the same time. Let only one job at a time publish this tag (\`concurrency\` in the workflow), and publish the lost version under a new tag.`,
  );
}
