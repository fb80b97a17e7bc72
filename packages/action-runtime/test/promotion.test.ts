import { describe, expect, test } from "@jest/globals";
import type { FetchedManifest, Reference, RegistryReader } from "@spin-publisher/oci";
import { findPromotion } from "../src/promotion.ts";

const repository = { registry: "ghcr.io", name: "octo/site" };
const sha = "8d2f1c0a".padEnd(40, "0");
const digest = `sha256:${"a".repeat(64)}` as const;
const found: FetchedManifest = {
  descriptor: { mediaType: "application/vnd.oci.image.index.v1+json", digest, size: 2 },
  bytes: Buffer.from("{}"),
  document: { schemaVersion: 2, manifests: [] },
};

/** A repository with these tags, all of them of one index. */
function reader(tags: readonly string[]): RegistryReader {
  return {
    tags: async () => tags,
    manifest: async ({ tag, digest: wanted }: Reference) =>
      wanted === digest || tags.includes(tag ?? "") ? found : undefined,
    blob: async () => Buffer.alloc(0),
  };
}
const promote = (wanted: string, tags: readonly string[]) =>
  findPromotion(reader(tags), repository, wanted, sha);

describe("what is promoted", () => {
  test("is the manifest as it is, and nothing below it", async () => {
    const { from, artifact } = await promote("main-8d2f1c0a-1700000000", ["main-8d2f1c0a-1700000000"]);
    expect(from).toBe("main-8d2f1c0a-1700000000");
    expect(artifact.root).toEqual({
      descriptor: found.descriptor,
      bytes: found.bytes,
      blobs: [],
      children: [],
    });
  });

  test("can be named by its digest", async () => {
    expect((await promote(digest, [])).artifact.root.descriptor.digest).toBe(digest);
  });

  test("is the build of the commit, whichever branch it is of", async () => {
    const tags = ["latest", "0.1.1", "fix-8d2f1c0a-1700000000", "main-11111111-1700000001"];
    expect((await promote("commit", tags)).from).toBe("fix-8d2f1c0a-1700000000");
  });

  test.each([
    [
      "feature/x",
      [],
      'Input "promote" is "feature/x", which is neither a tag nor a digest; name a published build',
    ],
    ["../../other/manifests/1", [], "which is neither a tag nor a digest"],
    ["sha256:1234", [], "which is neither a tag nor a digest"],
    ["main-9-9", ["main"], "names ghcr.io/octo/site:main-9-9, which does not exist"],
    [
      "commit",
      ["main-11111111-1700000001"],
      "there is no build of commit 8d2f1c0a in ghcr.io/octo/site; push its branch first",
    ],
    [
      "commit",
      ["main-8d2f1c0a-1700000000", "fix-8d2f1c0a-1700000000"],
      "there are 2 builds of commit 8d2f1c0a in ghcr.io/octo/site: fix-8d2f1c0a-1700000000, main-8d2f1c0a-1700000000; name one",
    ],
  ])("%s among %j is an error", async (wanted, tags, message) => {
    await expect(promote(wanted, tags)).rejects.toThrow(message);
  });
});
