import { compareBytes, type TarEntry, tar, untar } from "@spin-publisher/archive";
import { isObject, type JsonObject } from "@spin-publisher/json";
import { type Descriptor, type Digest, digestOf, formatReference } from "@spin-publisher/oci";
import { isWasmLayer, type LockedFile, spinMediaTypes } from "@spin-publisher/spin-artifact";
import pLimit from "p-limit";
import type { Content } from "../content/find-content.ts";
import { type EmbeddableApp, type EmbeddableComponent, embeddableApp } from "../content/locked-app.ts";
import { type Layer, layerOf } from "../layers/layer.ts";
import { modulePath } from "./modules.ts";

/** Where an embedded application is. */
export const appFolder = "/app";

/** Files are held in memory several times over. */
const filesLimit = 256 << 20;

/** Downloads at a time: a site may have thousands of files, each of them a request. */
const parallelReads = 16;

export interface EmbeddedApp {
  /** The locked application and its files; its modules are in another layer, which changes less often. */
  readonly layer: Layer;
  /** Spin's name of its triggers: http, redis. */
  readonly triggerType: string;
}

/**
 * A layer with an application in the form in which `spin up` hands it to the process that serves it: the locked
 * application, with its modules and folders as file URLs. Nothing is resolved, downloaded or copied when a pod starts.
 *
 * @throws Error when the application names something that none of the artifact's layers holds.
 */
export async function embeddedApp(content: Content): Promise<EmbeddedApp> {
  const lock = await content.lock();
  if (lock === undefined) {
    throw new Error(
      `${content.name} is a bare Wasm module and not an application; set input "embed" to modules or none.`,
    );
  }
  const app = embeddableApp(lock, content.name);
  const stored = await storedFiles(content);
  const files = app.components.flatMap((component) =>
    component.files.map((file): TarEntry & { type: "file" } => ({
      type: "file",
      path: `${filesFolder(component).slice(1)}/${file.path}`,
      bytes: fileBytes(file, stored, content.name),
    })),
  );
  const written = new TextEncoder().encode(JSON.stringify(runnable(app, content)));
  const archive = await tar(
    withParents([...files, { type: "file", path: `${appFolder.slice(1)}/spin.lock`, bytes: written }]),
  );
  return {
    layer: { ...layerOf(archive), createdBy: `${appFolder}: the application` },
    triggerType: app.triggerType,
  };
}

/**
 * The locked application with paths instead of digests, as Spin itself writes it after a pull: a module is the file
 * in the seed, and all files of a component are one folder mounted at `/`.
 */
function runnable({ document, components }: EmbeddableApp, { reference, name, layers }: Content): JsonObject {
  return {
    ...document,
    metadata: {
      ...(isObject(document.metadata) ? document.metadata : {}),
      origin: `vnd.fermyon.origin-oci:${formatReference(reference)}`,
    },
    components: components.map((component) => {
      const module = layers.find((layer) => isWasmLayer(layer) && layer.digest === component.source.digest);
      if (module === undefined) throw missing(component.source.digest, name);
      const { files: _, ...rest } = component.document;
      return {
        ...rest,
        source: { content_type: "application/wasm", source: `file://${modulePath(module.digest)}` },
        ...(component.files.length === 0
          ? {}
          : { files: [{ source: `file://${filesFolder(component)}`, path: "/" }] }),
      };
    }),
  };
}

function filesFolder({ id }: EmbeddableComponent): string {
  if (!/^[A-Za-z0-9_-][A-Za-z0-9._-]*$/.test(id)) {
    throw new Error(
      `A component is called "${id}", which cannot be the name of a folder; set input "embed" to modules or none.`,
    );
  }
  return `${appFolder}/assets/${id}`;
}

function fileBytes(
  { inline, digest }: LockedFile,
  stored: ReadonlyMap<string, Uint8Array>,
  name: string,
): Uint8Array {
  const bytes = inline ?? stored.get(digest);
  if (bytes === undefined) throw missing(digest, name);
  if (inline !== undefined && digestOf(bytes) !== digest) {
    throw new Error(`${name} contradicts itself about ${digest}; publish it again.`);
  }
  return bytes;
}

/** The files of an artifact by digest: its data layers, and those in its archives. */
async function storedFiles({ layers, blob, name }: Content): Promise<ReadonlyMap<string, Uint8Array>> {
  const wanted = layers.filter(
    ({ mediaType }) => mediaType === spinMediaTypes.data || mediaType === spinMediaTypes.archive,
  );
  const size = wanted.reduce((total, layer) => total + layer.size, 0);
  if (size > filesLimit) {
    throw new Error(
      `The files of ${name} have ${size} bytes, and at most ${filesLimit} can be embedded; set input "embed" to modules or none.`,
    );
  }
  const limit = pLimit(parallelReads);
  const contents = async (layer: Descriptor): Promise<readonly Uint8Array[]> => {
    const bytes = await blob(layer, filesLimit);
    if (layer.mediaType === spinMediaTypes.data) return [bytes];
    const files = await untar(bytes, { totalBytes: 2 * filesLimit, entries: 100_000 });
    return files.map((file) => file.bytes);
  };
  const found = await Promise.all(wanted.map((layer) => limit(contents, layer)));
  return new Map(found.flat().map((bytes) => [digestOf(bytes), bytes]));
}

function missing(digest: Digest, name: string): Error {
  return new Error(`${name} names ${digest}, but none of its layers holds it; publish it again.`);
}

/** Entries sorted by path, each after the folders it is in. */
function withParents(files: readonly (TarEntry & { type: "file" })[]): readonly TarEntry[] {
  const folders = new Set<string>();
  for (const { path } of files) {
    const segments = path.split("/");
    for (let depth = 1; depth < segments.length; depth += 1) folders.add(segments.slice(0, depth).join("/"));
  }
  const entries: TarEntry[] = [...folders].map((path) => ({ type: "directory", path }));
  return [...entries, ...files].sort((left, right) => compareBytes(left.path, right.path));
}
