import { type TarEntry, tar } from "@spin-publisher/archive";
import { type Descriptor, type Digest, digestOf } from "@spin-publisher/oci";
import { isWasmLayer } from "@spin-publisher/spin-artifact";
import type { Content } from "../content/find-content.ts";
import { type KnownLayers, layerBy, type Recipe } from "../layers/known-layers.ts";
import { type Layer, layerOf } from "../layers/layer.ts";

/** Folder of the seeded layer cache: Spin's `--cache-dir`. */
export const seedFolder = "/seed";

/** The file of a module in the seed: Spin's cache is addressed by layer digest. */
export function modulePath(digest: Digest): string {
  return `${seedFolder}/registry/wasm/${digest}`;
}

/** Modules are held in memory several times over; Bartholomew and the file server have 10 MB together. */
const modulesLimit = 256 << 20;

/**
 * A layer with the Wasm modules of a Spin application, placed where Spin's layer cache expects them, so that pods do
 * not download them. It is the same for all platforms and changes only when a module does.
 *
 * The cache's other folders are links to /tmp: Spin writes there at every start, and /tmp is writable in every shim
 * (a mount, where the root file system is read-only).
 *
 * @returns undefined for an application without modules.
 * @throws Error when the modules are too large.
 */
export async function modulesLayer(content: Content, known: KnownLayers): Promise<Layer | undefined> {
  const modules = modulesOf(content);
  if (modules.length === 0) return undefined;
  return layerBy(modulesRecipe(content), known, `${seedFolder}: the Wasm modules`, async () => {
    const blobs = await Promise.all(modules.map((module) => content.blob(module, modulesLimit)));
    for (const bytes of blobs) requireWasm(bytes, content.name);
    return layerOf(await tar(seedEntries(modules, blobs)));
  });
}

/** The recipe of the layer with the modules of some content. */
export function modulesRecipe(content: Content): Recipe {
  const digests = modulesOf(content).map(({ digest }) => digest);
  return `modules/1 ${digestOf(digests.sort().join(" "))}`;
}

/** @throws Error when the bytes are not Wasm, naming the usual reason. */
function requireWasm(bytes: Uint8Array, name: string): void {
  const start = new TextDecoder("latin1").decode(bytes.subarray(0, 40));
  if (start.startsWith("\0asm")) return;
  throw new Error(
    start.startsWith("version https://git-lfs.github.com/")
      ? `${name} holds a Git LFS pointer where a Wasm module is expected; set lfs: true of actions/checkout, and publish the content again.`
      : `${name} holds a module that is not WebAssembly, so Spin cannot start it; publish it again.`,
  );
}

function modulesOf({ layers, name }: Content): readonly Descriptor[] {
  const modules = new Map(layers.filter(isWasmLayer).map((layer) => [layer.digest, layer]));
  const size = [...modules.values()].reduce((total, module) => total + module.size, 0);
  if (size > modulesLimit) {
    throw new Error(
      `The modules of ${name} have ${size} bytes, and at most ${modulesLimit} can be embedded; set input "embed" to none.`,
    );
  }
  return [...modules.values()];
}

/**
 * Spin skips the download of any digest that is somewhere in its cache, and looks for files in the cache's folder of
 * files only: a file that is a seeded module as well would never be found.
 *
 * @throws Error when the application serves one of its modules as a file.
 */
export function requireNoModuleAmongFiles({ layers, name }: Content): void {
  const modules = new Set(layers.filter(isWasmLayer).map(({ digest }) => digest));
  const twice = layers.find((layer) => !isWasmLayer(layer) && modules.has(layer.digest));
  if (twice === undefined) return;
  throw new Error(
    `${name} serves its module ${twice.digest} as a file too, which does not work with a seeded cache; set input "embed" to none or app.`,
  );
}

function seedEntries(modules: readonly Descriptor[], blobs: readonly Uint8Array[]): readonly TarEntry[] {
  const root = seedFolder.slice(1);
  const files = modules.map(({ digest }, index): TarEntry & { type: "file" } => ({
    type: "file",
    path: modulePath(digest).slice(1),
    bytes: blobs[index] ?? new Uint8Array(),
  }));
  return [
    { type: "directory", path: root },
    { type: "directory", path: `${root}/registry` },
    { type: "symlink", path: `${root}/registry/data`, target: "/tmp" },
    { type: "symlink", path: `${root}/registry/manifests`, target: "/tmp" },
    { type: "directory", path: `${root}/registry/wasm` },
    ...files.sort((left, right) => (left.path < right.path ? -1 : 1)),
  ];
}
