import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import type { FetchedManifest } from "../client/types.ts";
import type { Artifact, Blob, Manifest } from "../spec/artifact.ts";
import { matches } from "../spec/digest.ts";
import type { Descriptor } from "../spec/image-spec.ts";
import { manifestLimit, parseManifestDocument } from "../spec/parse-manifest.ts";
import { layoutPath, refNameAnnotation } from "./write-layout.ts";

/** An artifact in an OCI image layout on disk. */
export interface Layout {
  readonly artifact: Artifact;
  /** The root as a registry would return it. */
  readonly root: FetchedManifest;
  /** The tag it was built for, if the layout says so. */
  readonly tag: string | undefined;
  /** The bytes of a blob of at most `limit` bytes. @throws Error when it is missing, larger, or does not match its digest. */
  blob(descriptor: Descriptor, limit: number): Promise<Uint8Array>;
}

/** Deeper nesting of indexes is not a real artifact. */
const deepest = 4;

/**
 * Reads an OCI image layout that contains one artifact, as `writeLayout` writes it. Manifests are verified now; blobs stay on
 * disk and are verified when they are read.
 *
 * @throws Error when the folder is not such a layout, or when a part is missing or does not match its digest.
 */
export async function readLayout(folder: string): Promise<Layout> {
  const index = await readDocument(folder, "index.json", undefined);
  if (!("manifests" in index.document)) throw unusable(folder, "its index.json is not an index");
  const [entry, ...others] = index.document.manifests;
  if (entry === undefined || others.length > 0) {
    throw unusable(folder, `expected one artifact, found ${index.document.manifests.length}`);
  }
  const fetched = await readManifest(folder, entry);
  return {
    artifact: { root: await graphOf(folder, entry, fetched, 1) },
    root: fetched,
    tag: entry.annotations?.[refNameAnnotation],
    blob: async (descriptor, limit) => {
      if (descriptor.size > limit)
        throw unusable(folder, `${descriptor.digest} is larger than ${limit} bytes`);
      return readVerified(folder, descriptor);
    },
  };
}

async function graphOf(
  folder: string,
  entry: Descriptor,
  fetched: FetchedManifest,
  depth: number,
): Promise<Manifest> {
  if (depth > deepest) throw unusable(folder, "its indexes are nested too deeply");
  const { document, bytes } = fetched;
  const { [refNameAnnotation]: _tag, ...annotations } = entry.annotations ?? {};
  const { annotations: _all, ...plain } = entry;
  const descriptor = Object.keys(annotations).length === 0 ? plain : { ...plain, annotations };
  if ("manifests" in document) {
    const children = await Promise.all(
      document.manifests.map(async (child) =>
        graphOf(folder, child, await readManifest(folder, child), depth + 1),
      ),
    );
    return { descriptor, bytes, blobs: [], children };
  }
  const blobs = [document.config, ...document.layers].map(
    (blob): Blob => ({ descriptor: blob, source: { kind: "file", path: layoutPath(folder, blob) } }),
  );
  return { descriptor, bytes, blobs, children: [] };
}

async function readManifest(folder: string, descriptor: Descriptor): Promise<FetchedManifest> {
  if (descriptor.size > manifestLimit)
    throw unusable(folder, `${descriptor.digest} is larger than ${manifestLimit} bytes`);
  const bytes = await readVerified(folder, descriptor);
  const { document } = parseManifestDocument(
    bytes,
    descriptor.mediaType,
    `${descriptor.digest} in ${folder}`,
  );
  return { descriptor, bytes, document };
}

async function readDocument(folder: string, name: string, declared: string | undefined) {
  const path = join(folder, name);
  try {
    const { size } = await stat(path);
    if (size > manifestLimit) throw unusable(folder, `${name} is larger than ${manifestLimit} bytes`);
    return parseManifestDocument(await readFile(path), declared, path);
  } catch (error) {
    throw unusable(folder, `${name} cannot be read`, error);
  }
}

async function readVerified(folder: string, descriptor: Descriptor): Promise<Uint8Array> {
  const path = layoutPath(folder, descriptor);
  const found = await stat(path).catch(() => undefined);
  if (found?.size !== descriptor.size) throw unusable(folder, `${descriptor.digest} is missing`);
  const bytes = await readFile(path);
  if (!matches(bytes, descriptor.digest)) throw unusable(folder, `${descriptor.digest} is damaged`);
  return bytes;
}

function unusable(folder: string, reason: string, cause?: unknown): Error {
  return new Error(
    `${folder} is not a usable OCI layout: ${reason}. Build it again with dry-run: true.`,
    cause === undefined ? {} : { cause },
  );
}
