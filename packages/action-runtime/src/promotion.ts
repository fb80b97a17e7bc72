import {
  type FetchedManifest,
  formatReference,
  isDigest,
  type RegistryReader,
  type Repository,
} from "@spin-publisher/oci";
import type { Built } from "./built.ts";

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
  const from = wanted === "commit" ? buildOf(await reader.tags(repository), repository, sha) : wanted;
  const manifest = await reader.manifest({
    ...repository,
    ...(isDigest(from) ? { digest: from } : { tag: from }),
  });
  const name = formatReference({ ...repository, ...(isDigest(from) ? { digest: from } : { tag: from }) });
  if (manifest === undefined) {
    throw new Error(`Input "promote" names ${name}, which does not exist; name a published build.`);
  }
  const { descriptor, bytes } = manifest;
  return { from, manifest, artifact: { root: { descriptor, bytes, blobs: [], children: [] } } };
}

/** The tag of a commit's build: the automatic tag of any branch. */
function buildOf(tags: readonly string[], repository: Repository, sha: string): string {
  const suffix = new RegExp(`-${sha.slice(0, 8)}-[0-9]{10}$`);
  const [build, ...others] = tags.filter((tag) => suffix.test(tag)).sort();
  const where = `commit ${sha.slice(0, 8)} in ${formatReference(repository)}`;
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
