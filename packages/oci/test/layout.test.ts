import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { createRegistryClient, mediaTypes, readLayout, writeLayout } from "../src/index.ts";
import { layoutPath } from "../src/layout/write-layout.ts";
import { atTheEnd, digestAt, layer, manifest, publishOnce, registry, shim, site } from "./fixtures.ts";

async function folder(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), "layout-"));
  atTheEnd(() => rm(path, { recursive: true, force: true }));
  return path;
}

const lost = { kind: "file", path: "/nowhere/lost" } as const;

describe("an OCI layout", () => {
  test("contains what image-layout.md requires, and the tag", async () => {
    const path = await folder();
    const artifact = site("page");
    await writeLayout(artifact, path, { tag: "0.1.2" });
    expect(JSON.parse(await readFile(join(path, "oci-layout"), "utf8"))).toEqual({
      imageLayoutVersion: "1.0.0",
    });
    expect(JSON.parse(await readFile(join(path, "index.json"), "utf8"))).toEqual({
      schemaVersion: 2,
      mediaType: mediaTypes.index,
      manifests: [
        { ...artifact.root.descriptor, annotations: { "org.opencontainers.image.ref.name": "0.1.2" } },
      ],
    });
    const digests = [artifact.root, ...artifact.root.blobs].map(({ descriptor }) =>
      descriptor.digest.slice(7),
    );
    expect((await readdir(join(path, "blobs", "sha256"))).sort()).toEqual(digests.sort());
  });

  test("reads back as the same artifact and publishes as such", async () => {
    const path = await folder();
    const artifact = shim("1", [layer("base")]);
    await writeLayout(artifact, path, { tag: "1" });
    const layout = await readLayout(path);
    expect(layout.tag).toBe("1");
    expect(layout.root.descriptor.digest).toBe(artifact.root.descriptor.digest);
    expect(layout.artifact.root.descriptor).toEqual(artifact.root.descriptor);
    const [config] = artifact.root.children[0]?.blobs ?? [];
    if (config === undefined) throw new Error("no config");
    expect(Buffer.from(await layout.blob(config.descriptor, 1000)).toString()).toContain("amd64");
    const server = await registry();
    await publishOnce(layout.artifact, { repository: { registry: server.host, name: "o/shim" }, tag: "1" });
    expect(await digestAt(server, "o/shim", "1")).toBe(artifact.root.descriptor.digest);
  });

  test("of all kinds of content is complete with a reader, and omits content of other repositories without one", async () => {
    const server = await registry();
    const base = layer("base");
    const repository = { registry: server.host, name: "spin/base" };
    await publishOnce({ root: manifest([base]) }, { repository, tag: "1" });
    const file = join(await folder(), "file");
    await writeFile(file, "on disk");
    const artifact = {
      root: manifest([
        layer("{}"),
        { ...base, source: { kind: "repository" as const, repository } },
        { ...layer("on disk"), source: { kind: "file" as const, path: file } },
        {
          ...layer("on demand"),
          source: { kind: "deferred" as const, open: async () => Buffer.from("on demand") },
        },
      ]),
    };
    const [whole, sparse] = [await folder(), await folder()];
    await writeLayout(artifact, whole, { reader: createRegistryClient() });
    for (const { descriptor } of artifact.root.blobs) await (await readLayout(whole)).blob(descriptor, 1000);
    await writeLayout(artifact, sparse);
    await expect((await readLayout(sparse)).blob(base.descriptor, 1000)).rejects.toThrow("is missing");
  });

  test.each<[string, (path: string) => Promise<void>, string]>([
    [
      "is empty",
      async (path) => rm(path, { recursive: true }).then(() => writeFile(path, "")),
      "index.json cannot be read",
    ],
    [
      "has an index that is none",
      (path) => writeFile(join(path, "index.json"), "[]"),
      "index.json cannot be read",
    ],
    [
      "has two artifacts",
      async (path) => {
        const index = JSON.parse(await readFile(join(path, "index.json"), "utf8"));
        await writeFile(
          join(path, "index.json"),
          JSON.stringify({ ...index, manifests: [...index.manifests, ...index.manifests] }),
        );
      },
      "expected one artifact, found 2",
    ],
    ["lacks its manifest", (path) => rm(layoutPath(path, site("page").root.descriptor)), "is missing"],
    [
      "has a damaged manifest",
      async (path) => {
        const file = layoutPath(path, site("page").root.descriptor);
        await writeFile(file, (await readFile(file, "utf8")).replace("2", "3"));
      },
      "is damaged",
    ],
  ])("that %s says so", async (_name, damage, message) => {
    const path = await folder();
    await writeLayout(site("page"), path);
    await damage(path);
    const failed = readLayout(path);
    await expect(failed).rejects.toThrow(`${path} is not a usable OCI layout`);
    await expect(failed).rejects.toThrow(message);
  });

  test.each([
    ["its own folder", async () => {}, false],
    ["a folder with other files", (path: string) => writeFile(join(path, "other"), "kept"), true],
  ])("that cannot be completed leaves nothing in %s", async (_name, prepare, folderStays) => {
    const path = await folder();
    await prepare(path);
    const artifact = { root: manifest([layer("{}"), { ...layer("lost"), source: lost }]) };
    await expect(writeLayout(artifact, path)).rejects.toMatchObject({ code: "ENOENT" });
    expect(await readdir(path).catch(() => undefined)).toEqual(folderStays ? ["other"] : undefined);
  });

  test("that cannot be written says where, why, and what to set", async () => {
    const path = await folder();
    await writeFile(join(path, "file"), "");
    await expect(writeLayout(site("a"), join(path, "file"))).rejects.toThrow(
      /^The OCI layout cannot be written to ".*file": it is not a folder\. .* set RUNNER_TEMP to another folder\.$/,
    );
  });

  test("cannot return a blob that is larger than allowed or does not match its digest", async () => {
    const path = await folder();
    const artifact = site("page");
    await writeLayout(artifact, path);
    const [, page] = artifact.root.blobs;
    if (page === undefined) throw new Error("no page");
    const layout = await readLayout(path);
    await expect(layout.blob(page.descriptor, 3)).rejects.toThrow("is larger than 3 bytes");
    await writeFile(layoutPath(path, page.descriptor), "pane");
    await expect(layout.blob(page.descriptor, 100)).rejects.toThrow("is damaged");
  });
});
