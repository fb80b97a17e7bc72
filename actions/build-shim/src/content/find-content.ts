import { stat } from "node:fs/promises";
import { join } from "node:path";
import {
  type Descriptor,
  type Digest,
  type FetchedManifest,
  formatReference,
  type ImageManifest,
  parseReference,
  type Reference,
  type RegistryReader,
  type Repository,
  readLayout,
} from "@spin-publisher/oci";

/** Media types of a Spin application's layers (Spin 2.0 and newer). */
export const spinLayerTypes = {
  lockedApp: "application/vnd.fermyon.spin.application.v1+config",
  wasm: "application/vnd.wasm.content.layer.v1+wasm",
  /** Written by other publishers of Wasm; Spin reads it since 3.6. */
  bareWasm: "application/wasm",
  data: "application/vnd.wasm.content.layer.v1+data",
  archive: "application/vnd.wasm.content.bundle.v1.tar+gzip",
} as const;

/** What the input `content` names. */
export type ContentWanted =
  | { readonly kind: "registry"; readonly reference: ContentReference }
  | {
      readonly kind: "layout";
      readonly folder: string;
      /** Where the content is going to be published: a layout does not say. */
      readonly repository: Repository;
    };

/** A reference that will name the same bytes for ever. */
export type ContentReference = Reference & { readonly digest: Digest };

/** The content a shim runs. */
export interface Content {
  readonly reference: ContentReference;
  readonly layers: readonly Descriptor[];
  /** The verified bytes of one of `layers`, of at most `limit` bytes. */
  readonly blob: (layer: Descriptor, limit: number) => Promise<Uint8Array>;
}

/**
 * @param image repository of the shim: content is published below it, at `<image>/content`.
 * @throws Error when `text` is neither a reference with a digest nor a folder with an OCI layout.
 */
export async function parseContent(text: string, image: Repository): Promise<ContentWanted> {
  if (await isLayout(text)) {
    return { kind: "layout", folder: text, repository: { ...image, name: `${image.name}/content` } };
  }
  let reference: Reference;
  try {
    reference = parseReference(text);
  } catch (cause) {
    throw new Error(
      `Input "content" is neither a reference such as ghcr.io/owner/site/content:0.1.2@sha256:… nor a folder with an OCI layout, it is "${text}".`,
      { cause },
    );
  }
  const { digest } = reference;
  if (digest === undefined) {
    throw new Error(
      `Input "content" must end in the digest of what the image is to run, but it is "${text}"; pass the output "reference" of spin-registry-push.`,
    );
  }
  return { kind: "registry", reference: { ...reference, digest } };
}

async function isLayout(path: string): Promise<boolean> {
  try {
    return (await stat(join(path, "oci-layout"))).isFile();
  } catch {
    return false;
  }
}

/**
 * Finds content. A shim without its content would start nowhere, so the registry is asked even where nothing of it
 * goes into the image.
 *
 * @throws Error when it is not there, or is not a Spin application.
 */
export async function findContent(wanted: ContentWanted, reader: RegistryReader): Promise<Content> {
  if (wanted.kind === "layout") return contentInLayout(wanted.folder, wanted.repository);
  const { reference } = wanted;
  const manifest = await reader.manifest(reference);
  if (manifest === undefined) {
    throw new Error(
      `There is no content ${formatReference(reference)} to run; publish it first, with spin-registry-push or spin registry push.`,
    );
  }
  return {
    reference,
    layers: spinLayers(manifest, formatReference(reference)),
    blob: (layer, limit) => reader.blob(reference, layer, limit),
  };
}

async function contentInLayout(folder: string, repository: Repository): Promise<Content> {
  const { root, tag, blob } = await readLayout(folder);
  const { digest } = root.descriptor;
  return {
    reference: { ...repository, ...(tag === undefined ? {} : { tag }), digest },
    layers: spinLayers(root, `What is in ${folder}`),
    blob,
  };
}

/**
 * The layers of a Spin application.
 *
 * @throws Error when the manifest is something else: Spin runs what has a locked application, or a single Wasm layer.
 */
function spinLayers({ document }: FetchedManifest, name: string): readonly Descriptor[] {
  const layers = "layers" in document ? (document satisfies ImageManifest).layers : [];
  const [only] = layers;
  const runnable =
    layers.some(({ mediaType }) => mediaType === spinLayerTypes.lockedApp) ||
    (layers.length === 1 && only !== undefined && isWasm(only));
  if (runnable) return layers;
  throw new Error(
    `${name} is not a Spin application: it has no layer of type ${spinLayerTypes.lockedApp}; pass the output "reference" of spin-registry-push.`,
  );
}

export function isWasm({ mediaType }: Descriptor): boolean {
  return mediaType === spinLayerTypes.wasm || mediaType === spinLayerTypes.bareWasm;
}
