import { declaredDigest, pullManifest } from "../client/pull.ts";
import type { UploadTarget } from "../push/upload-target.ts";
import { RegistryRefusal } from "../refusals/registry-refusal.ts";
import type { Digest } from "../spec/digest.ts";
import { acceptedTypes } from "../spec/parse-manifest.ts";
import { formatReference } from "../spec/reference.ts";

/** What a tag points at; undefined where it does not exist, `hidden` where the registry answers 403. */
export type TagState = Digest | "hidden" | undefined;

/**
 * Looks at what a tag points at now. Only the answer that nothing has to be done about is taken from a header: one that
 * leads to a refusal is read from the manifest itself.
 *
 * @param retry `never` where the question is part of something that is tried again as a whole.
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

/** The refusal to write an immutable tag that could not be looked at: what cannot be seen is not free. */
export function hiddenTag({ repository }: UploadTarget, tag: string): Error {
  const what = formatReference({ ...repository, tag });
  return new Error(
    `${repository.registry} takes content for ${what} and does not show whether the tag exists (403), so it was not written: give the token read access to the repository, or set immutable: false to write the tag whatever it points at.`,
  );
}

/** How long the answer of a look counts, in milliseconds. */
const freshness = 5000;

/** The look that detects another publisher. */
export interface LateLook {
  /** Begins it while the last transfers run, so that nobody waits for it. */
  begin(): void;
  /** What was found; asked again where the transfers took long, or where the repository may not have existed yet. */
  result(): Promise<TagState>;
}

export function lateLook(target: UploadTarget, tag: string, expected: Digest): LateLook {
  const { now } = target.client.retry;
  let begun: { readonly at: number; readonly found: Promise<TagState> } | undefined;
  return {
    begin: () => {
      begun = { at: now(), found: tagDigest(target, tag, expected) };
      begun.found.catch(() => {}); // told by `result`
    },
    result: async () => {
      if (begun !== undefined && now() - begun.at <= freshness) {
        const found = await begun.found;
        // Registries answer 403 for a repository that does not exist, and meanwhile it does.
        if (found !== "hidden") return found;
      }
      return tagDigest(target, tag, expected);
    },
  };
}

/**
 * Looks once more at an immutable tag that was just written. Few registries refuse to overwrite a tag, so that of two
 * publishers who both found it free the later one wins; the earlier one learns it here.
 *
 * A look that fails or does not show the tag yet contradicts nothing: the write was accepted.
 *
 * @throws Error when the tag points at something else.
 */
export async function confirmTag(target: UploadTarget, tag: string, written: Digest): Promise<void> {
  const found = await tagDigest(target, tag, written, "never").catch(() => undefined);
  if (found === undefined || found === "hidden" || found === written) return;
  const what = formatReference({ ...target.repository, tag });
  throw new Error(
    `${what} was written with ${written}, but points at ${found} now: another publication moved the tag at the same time. Let one job at a time publish this tag (\`concurrency\` in the workflow), and publish what was lost under a new tag.`,
  );
}
