import { cp, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { untar } from "@spin-publisher/archive";
import { createFetch, parseMirrors } from "@spin-publisher/http";
import {
  createRegistryClient,
  type Digest,
  digestOf,
  parseDigest,
  type Repository,
} from "@spin-publisher/oci";
import { type RegistryServer, startRegistry, startUpstream, type Upstream } from "@spin-publisher/sandbox";
import type { LayerMode } from "../src/layers/layers.ts";
import { createModuleCache } from "../src/sources/cache.ts";
import { published } from "./building.ts";
import { project } from "./project.ts";

const site = join(import.meta.dirname, "../../../site");
const limit = 1 << 24;

let registry: RegistryServer;
let upstream: Upstream;
beforeAll(async () => {
  [registry, upstream] = await Promise.all([startRegistry(), startUpstream()]);
});
afterAll(() => Promise.all([registry.close(), upstream.close()]));

/** Every file below a folder: path → content. */
async function tree(folder: string): Promise<Map<string, string>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name));
  return new Map(
    await Promise.all(
      files.map(async (path) => [path.slice(folder.length + 1), await readFile(path, "base64")] as const),
    ),
  );
}

/** A copy of our own website that pins the stand-ins of its modules. */
async function ourSite(): Promise<string> {
  const folder = await project();
  await cp(site, folder, { recursive: true });
  let manifest = await readFile(join(folder, "spin.toml"), "utf8");
  for (const [url, digest] of await upstream.moduleDigests()) {
    manifest = manifest.replace(new RegExp(`(url = "${url}", digest = ")[^"]*`), `$1${digest}`);
  }
  await writeFile(join(folder, "spin.toml"), manifest);
  return folder;
}

/** What a runtime would see: component → path → content, read from the registry as Spin does (by media type alone). */
async function mounted(repository: Repository): Promise<Map<string, Map<string, string>>> {
  const client = createRegistryClient();
  const manifest = await client.manifest({ ...repository, tag: "1" });
  if (manifest === undefined || !("layers" in manifest.document)) throw new Error("no manifest");
  const { layers } = manifest.document;
  const data = new Map<Digest, Uint8Array>();
  for (const layer of layers.slice(0, -1)) {
    const bytes = await client.blob(repository, layer, limit);
    if (!layer.mediaType.endsWith("+gzip")) data.set(layer.digest, bytes);
    else {
      for (const file of await untar(bytes, { totalBytes: limit, entries: 10_000 }))
        data.set(digestOf(file.bytes), file.bytes);
    }
  }
  const [lockedApp] = layers.slice(-1);
  if (lockedApp === undefined) throw new Error("no locked application");
  const { components } = JSON.parse(
    new TextDecoder().decode(await client.blob(repository, lockedApp, limit)),
  );
  const contentOf = (file: { inline?: string; digest: string }) =>
    Buffer.from(
      file.inline === undefined
        ? (data.get(parseDigest(file.digest)) ?? "missing")
        : Buffer.from(file.inline, "base64"),
    );
  return new Map(
    components.map((component: { id: string; files: { path: string; digest: string }[] }) => [
      component.id,
      new Map(component.files.map((file) => [file.path, contentOf(file).toString("base64")])),
    ]),
  );
}

describe("our own website, read back from the registry", () => {
  test.each(["files", "archive"] as const)(
    "is the one in the repository, as %s",
    async (layers: LayerMode) => {
      const folder = await ourSite();
      const repository = { registry: registry.host, name: `site/${layers}` };
      await published(folder, repository, {
        request: { layers },
        dependencies: {
          fetch: createFetch({ mirrors: parseMirrors(upstream.mirrors) }),
          cache: createModuleCache(await project()),
        },
      });
      const components = await mounted(repository);
      const pages = components.get("bartholomew") ?? new Map();
      const assets = [...(components.get("fileserver") ?? [])].map(
        ([path, content]) => [`static/${path}`, content] as const,
      );
      const source = await tree(folder);
      source.delete("spin.toml");
      expect(new Map([...pages, ...assets])).toEqual(source);
    },
  );
});
