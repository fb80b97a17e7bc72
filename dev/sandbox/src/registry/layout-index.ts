import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { errorCode } from "@spin-publisher/errors";
import { type Digest, isDigest, mediaTypes } from "@spin-publisher/oci";
import { isManifestType, jsonObject, type ManifestDocument, parseManifest } from "./manifest-document.ts";
import { isTagName } from "./route.ts";

/** A manifest of a repository: what its descriptor in the layout and its bytes say. */
export interface StoredManifest extends ManifestDocument {
  readonly digest: Digest;
  readonly size: number;
}

/** The manifests of a repository in the order in which they came, and what its tags point at. */
export interface RepositoryIndex {
  readonly manifests: ReadonlyMap<Digest, StoredManifest>;
  readonly tags: ReadonlyMap<string, Digest>;
}

/** image-spec, annotations.md: holds the tag in the index.json of a layout. */
const tagAnnotation = "org.opencontainers.image.ref.name";

export function blobPath(layout: string, digest: Digest): string {
  return join(layout, "blobs", ...digest.split(":"));
}

/**
 * Reads the index.json of an image layout and every manifest that can be reached from it. Layouts made by other
 * tools list only their roots, so the children of an index are looked for among the blobs.
 *
 * @returns undefined where the folder is not a layout.
 * @throws Error when the folder's index.json is not valid.
 */
export async function readLayoutIndex(layout: string): Promise<RepositoryIndex | undefined> {
  const file = join(layout, "index.json");
  const bytes = await readFile(file).catch(absent);
  if (bytes === undefined) return undefined;
  const manifests = new Map<Digest, StoredManifest>();
  const tags = new Map<string, Digest>();
  try {
    for (const { mediaType, digest, tag } of entries(jsonObject(bytes))) {
      if (!(await addManifest(layout, manifests, digest, mediaType))) continue;
      if (tag !== undefined && isTagName(tag)) tags.set(tag, digest);
    }
  } catch (cause) {
    throw new Error(`${file} is not the index of an OCI image layout; remove the folder or repair it.`, {
      cause,
    });
  }
  return { manifests, tags };
}

/** The index.json of a layout: one descriptor for each tag, and one for each manifest without any. */
export function formatLayoutIndex({ manifests, tags }: RepositoryIndex): string {
  const entries = [...manifests.values()].flatMap((manifest) => {
    const names = [...tags].filter(([, digest]) => digest === manifest.digest).map(([tag]) => tag);
    const { mediaType, digest, size } = manifest;
    if (names.length === 0) return [{ mediaType, digest, size }];
    return names.map((name) => ({ mediaType, digest, size, annotations: { [tagAnnotation]: name } }));
  });
  return JSON.stringify({ schemaVersion: 2, mediaType: mediaTypes.index, manifests: entries });
}

async function addManifest(
  layout: string,
  manifests: Map<Digest, StoredManifest>,
  digest: Digest,
  mediaType: string,
): Promise<boolean> {
  if (manifests.has(digest)) return true;
  const bytes = await readFile(blobPath(layout, digest)).catch(absent);
  if (bytes === undefined) return false;
  const manifest = { ...parseManifest(bytes, mediaType), digest, size: bytes.length };
  manifests.set(digest, manifest);
  const children = manifest.children.length === 0 ? [] : entries(jsonObject(bytes));
  for (const child of children) {
    if (isManifestType(child.mediaType)) await addManifest(layout, manifests, child.digest, child.mediaType);
  }
  return true;
}

function entries(index: Record<string, unknown>): ReadonlyArray<{
  readonly mediaType: string;
  readonly digest: Digest;
  readonly tag: string | undefined;
}> {
  const { manifests } = index;
  if (!Array.isArray(manifests)) throw new Error("It has no list of manifests.");
  return manifests.map((entry: unknown) => {
    const { mediaType, digest, annotations } = Object(entry);
    if (typeof mediaType !== "string" || typeof digest !== "string" || !isDigest(digest)) {
      throw new Error("One of its manifests is not a descriptor.");
    }
    const tag: unknown = Object(annotations)[tagAnnotation];
    return { mediaType, digest, tag: typeof tag === "string" ? tag : undefined };
  });
}

/** A fingerprint of a file, which changes when the file is replaced. */
export async function versionOf(file: string): Promise<string> {
  const found = await stat(file, { bigint: true }).catch(absent);
  return found === undefined ? "absent" : `${found.ino}-${found.size}-${found.mtimeNs}`;
}

/** For `catch`: returns undefined for a missing file and rethrows every other error. */
export function absent(error: unknown): undefined {
  if (!["ENOENT", "ENOTDIR"].includes(errorCode(error) ?? "")) throw error;
}
