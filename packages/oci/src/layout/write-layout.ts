import { mkdir, rm, rmdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { errorCode, whyUnwritable } from "@spin-publisher/errors";
import type { RequestBody } from "../client/types.ts";
import { type BlobReader, openBody, SourceFailure } from "../push/blob-body.ts";
import { type Artifact, type Blob, blobsOf, type Manifest } from "../spec/artifact.ts";
import type { Descriptor } from "../spec/image-spec.ts";
import { mediaTypes } from "../spec/image-spec.ts";

/** image-spec, image-layout.md. */
export const layoutVersion = '{"imageLayoutVersion":"1.0.0"}';

/** The annotation that holds the tag in a layout's index (image-spec, annotations.md). */
export const refNameAnnotation = "org.opencontainers.image.ref.name";

/** Where a layout stores the content of a digest. */
export function layoutPath(folder: string, { digest }: Pick<Descriptor, "digest">): string {
  const [algorithm = "", hex = ""] = digest.split(":");
  return join(folder, "blobs", algorithm, hex);
}

export interface LayoutOptions {
  readonly tag?: string;
  readonly reader?: BlobReader;
}

/**
 * Writes an artifact as an OCI image layout (image-spec, image-layout.md), `index.json` last, so that a layout with an
 * index is complete.
 *
 * If it fails, nothing of it is left behind.
 *
 * @param options.reader reads blobs from other repositories (a base image's layers). Without it those blobs are omitted,
 *   which the specification allows; the layout is then complete only together with that repository.
 */
export async function writeLayout(
  artifact: Artifact,
  folder: string,
  options: LayoutOptions = {},
): Promise<void> {
  try {
    await writeParts(artifact, folder, options);
  } catch (thrown) {
    const error = thrown instanceof SourceFailure ? thrown.cause : thrown;
    for (const part of ["index.json", "blobs", "oci-layout"]) {
      await rm(join(folder, part), { recursive: true, force: true }).catch(() => {});
    }
    await rmdir(folder).catch(() => {}); // unless there is something else in it
    if (!isAbout(folder, error)) throw error;
    throw new Error(
      `The OCI layout cannot be written to "${folder}": ${whyUnwritable(error)}. Make room there, or set RUNNER_TEMP to another folder.`,
      { cause: error },
    );
  }
}

/** Whether a system error is about a path in the folder, as opposed to a file that is read. */
function isAbout(folder: string, error: unknown): boolean {
  if (errorCode(error) === "ENOSPC") return true;
  const path = typeof error === "object" && error !== null && "path" in error ? error.path : undefined;
  return typeof path === "string" && path.startsWith(folder) && errorCode(error) !== undefined;
}

async function writeParts({ root }: Artifact, folder: string, options: LayoutOptions): Promise<void> {
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, "oci-layout"), layoutVersion);
  for (const blob of blobsOf(root).values()) await writeBlob(blob, folder, options.reader);
  await writeManifest(root, folder);
  const annotations = {
    ...root.descriptor.annotations,
    ...(options.tag === undefined ? {} : { [refNameAnnotation]: options.tag }),
  };
  const entry: Descriptor = {
    ...root.descriptor,
    ...(Object.keys(annotations).length === 0 ? {} : { annotations }),
  };
  const index = { schemaVersion: 2, mediaType: mediaTypes.index, manifests: [entry] };
  await writeFile(join(folder, "index.json"), JSON.stringify(index));
}

async function writeManifest({ descriptor, bytes, children }: Manifest, folder: string): Promise<void> {
  for (const child of children) await writeManifest(child, folder);
  await writeContent(layoutPath(folder, descriptor), new Uint8Array(bytes));
}

async function writeBlob(blob: Blob, folder: string, reader: BlobReader | undefined): Promise<void> {
  if (blob.source.kind === "repository" && reader === undefined) return;
  const { content } = await openBody(reader, blob);
  await writeContent(layoutPath(folder, blob.descriptor), content);
}

async function writeContent(path: string, content: RequestBody["content"]): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, typeof content === "function" ? content() : content);
}
