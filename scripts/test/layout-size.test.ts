import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "@jest/globals";
import { seedSpinImages, spinBaseImage, spinReleases } from "@spin-publisher/sandbox";
import { artifactSize } from "../layout-size.ts";

test("an index is as large as everything it refers to; what its images share counts once", async () => {
  const folder = await mkdtemp(join(tmpdir(), "layout-size-test-"));
  try {
    const releases = spinReleases.filter(({ tag }) => tag === "v4.0.2");
    await seedSpinImages(folder, releases);
    const [release] = releases;
    if (release === undefined) throw new Error("v4.0.2 is missing");
    const { root } = await spinBaseImage(release);
    const sizes = new Map<string, number>();
    for (const { descriptor, blobs } of [root, ...root.children])
      for (const { digest, size } of [descriptor, ...blobs.map((blob) => blob.descriptor)])
        sizes.set(digest, size);
    const total = [...sizes.values()].reduce((sum, size) => sum + size, 0);
    expect(await artifactSize(join(folder, "spinframework/spin"), root.descriptor.digest)).toBe(total);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
