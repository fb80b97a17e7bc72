import {
  type FetchedManifest,
  formatReference,
  isDigest,
  isTag,
  type RegistryReader,
  type Repository,
} from "@spin-publisher/oci";
import type { Built } from "./built.ts";
import { parseBuildTag } from "./tag.ts";

/** An artifact that the repository holds, to be published under another tag as it is. */
export interface Promotion {
  /** The tag, or the digest, under which it was found. */
  readonly from: string;
  readonly manifest: FetchedManifest;
  readonly artifact: Built["artifact"];
}

/**
 * What is promoted: the same bytes, so that a release is what was tested. Nothing but a manifest is written, since the
 * repository holds everything that the manifest refers to.
 *
 * @param wanted a tag or digest of the repository; `commit` for the build of this commit, whichever branch it is of.
 * @throws Error when there is no such artifact, or more than one build of the commit.
 */
export async function findPromotion(
  reader: RegistryReader,
  repository: Repository,
  wanted: string,
  sha: string,
): Promise<Promotion> {
  if (!isDigest(wanted) && !isTag(wanted)) {
    throw new Error(
      `Input "promote" is "${wanted}", which is neither a tag nor a digest; name a published build such as "main-8d2f1c0a-1700000000", or use "commit".`,
    );
  }
  const from = wanted === "commit" ? buildOf(await reader.tags(repository), repository, sha) : wanted;
  const reference = { ...repository, ...(isDigest(from) ? { digest: from } : { tag: from }) };
  const name = formatReference(reference);
  const manifest = await reader.manifest(reference);
  if (manifest === undefined) {
    throw new Error(`Input "promote" names ${name}, which does not exist; name a published build.`);
  }
  const { descriptor, bytes } = manifest;
  return { from, manifest, artifact: { root: { descriptor, bytes, blobs: [], children: [] } } };
}

/** The tag of a commit's build: the automatic tag of any branch. */
function buildOf(tags: readonly string[], repository: Repository, sha: string): string {
  const shortSha = sha.slice(0, 8);
  const [build, ...others] = tags.filter((tag) => parseBuildTag(tag)?.shortSha === shortSha).sort();
  const where = `commit ${shortSha} in ${formatReference(repository)}`;
  if (build === undefined) {
    throw new Error(
      `Input "promote" is "commit", but there is no build of ${where}; push its branch first, or omit the input to build it now.`,
    );
  }
  if (others.length > 0) {
    throw new Error(
      `Input "promote" is "commit", but there are ${others.length + 1} builds of ${where}: ${[build, ...others].join(", ")}; name one of them.`,
    );
  }
  return build;
}
