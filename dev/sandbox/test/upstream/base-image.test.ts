import { createHash } from "node:crypto";
import { mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { untar } from "@spin-publisher/archive";
import { type RegistryServer, seedSpinImages, startRegistry } from "../../src/index.ts";

let root: string;
let registry: RegistryServer;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "base-image-test-"));
  registry = await startRegistry({ root });
});
afterEach(async () => {
  await registry.close();
  await rm(root, { recursive: true, force: true });
});

async function get(path: string): Promise<Buffer> {
  const response = await fetch(`${registry.origin}/v2/spinframework/spin/${path}`, {
    headers: {
      accept: "application/vnd.oci.image.index.v1+json, application/vnd.oci.image.manifest.v1+json",
    },
  });
  if (!response.ok) throw new Error(`${path}: ${response.status}`);
  return Buffer.from(await response.arrayBuffer());
}
const document = async (path: string) => JSON.parse((await get(path)).toString());

describe("the Spin base images", () => {
  test("exist for every stable release, and for no other", async () => {
    await seedSpinImages(root);
    const { tags } = await document("tags/list");
    expect(tags).toContain("v4.0.2-distroless");
    expect(tags.filter((tag: string) => !/^v\d+\.\d+\.\d+-distroless$/.test(tag))).toEqual([]);
  });

  test("start spin on two architectures, from layers that match their config", async () => {
    await seedSpinImages(root);
    const { manifests } = await document("manifests/v4.0.2-distroless");
    const platforms = manifests.map(
      ({ platform }: { platform: { os: string; architecture: string } }) =>
        `${platform.os}/${platform.architecture}`,
    );
    expect(platforms).toEqual(["linux/amd64", "unknown/unknown", "linux/arm64", "unknown/unknown"]);
    for (const [index, architecture] of [
      [0, "amd64"],
      [2, "arm64"],
    ] as const) {
      const manifest = await document(`manifests/${manifests[index].digest}`);
      const config = await document(`blobs/${manifest.config.digest}`);
      expect(config).toMatchObject({
        architecture,
        os: "linux",
        config: { Entrypoint: ["/usr/local/bin/spin"] },
      });
      const layers = await Promise.all(
        manifest.layers.map(({ digest }: { digest: string }) => get(`blobs/${digest}`)),
      );
      const diffIds = layers.map(
        (layer) => `sha256:${createHash("sha256").update(gunzipSync(layer)).digest("hex")}`,
      );
      expect(config.rootfs.diff_ids).toEqual(diffIds);
      const [spin] = await untar(layers[1] ?? Buffer.of(), { totalBytes: 1 << 20, entries: 10 });
      expect(spin).toMatchObject({ path: "usr/local/bin/spin", executable: true });
    }
  });

  test("do not change when they are seeded again", async () => {
    await seedSpinImages(root);
    const index = join(root, "spinframework", "spin", "index.json");
    const before = await stat(index);
    await seedSpinImages(root);
    expect((await stat(index)).mtimeMs).toBe(before.mtimeMs);
  });
});
