import { type TarEntry, tar } from "@spin-publisher/archive";
import { type Descriptor, type Digest, digestOf, formatReference } from "@spin-publisher/oci";
import { isWasmLayer } from "@spin-publisher/spin-artifact";
import type { Content } from "../content/find-content.ts";
import { type KnownLayers, layerBy } from "../layers/known-layers.ts";
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
  const digests = modules.map(({ digest }) => digest).sort();
  if (digests.length === 0) return undefined;
  const recipe = `modules/1 ${digestOf(digests.join(" "))}`;
  return layerBy(recipe, known, `${seedFolder}: the Wasm modules`, async () => {
    const blobs = await Promise.all(modules.map((module) => content.blob(module, modulesLimit)));
    return layerOf(await tar(seedEntries(modules, blobs)));
  });
}

function modulesOf({ layers, reference }: Content): readonly Descriptor[] {
  const modules = new Map(layers.filter(isWasmLayer).map((layer) => [layer.digest, layer]));
  const size = [...modules.values()].reduce((total, module) => total + module.size, 0);
  if (size > modulesLimit) {
    throw new Error(
      `The modules of ${formatReference(reference)} have ${size} bytes, and at most ${modulesLimit} can be embedded; set input "embed" to none.`,
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
export function requireNoModuleAmongFiles({ layers, reference }: Content): void {
  const modules = new Set(layers.filter(isWasmLayer).map(({ digest }) => digest));
  const twice = layers.find((layer) => !isWasmLayer(layer) && modules.has(layer.digest));
  if (twice === undefined) return;
  throw new Error(
    `${formatReference(reference)} serves its module ${twice.digest} as a file too, which does not work with a seeded cache; set input "embed" to none or app.`,
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
