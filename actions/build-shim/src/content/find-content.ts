import {
  type Descriptor,
  type FetchedManifest,
  formatReference,
  type RegistryReader,
  type Repository,
  readLayout,
} from "@spin-publisher/oci";
import { isWasmLayer, lockedAppLayer, spinMediaTypes } from "@spin-publisher/spin-artifact";
import type { ContentReference, RequestedContent } from "./requested-content.ts";

/** The content that a shim runs. */
export interface Content {
  readonly reference: ContentReference;
  readonly layers: readonly Descriptor[];
  /** The verified bytes of one of `layers`, of at most `limit` bytes. */
  readonly blob: (layer: Descriptor, limit: number) => Promise<Uint8Array>;
}

/**
 * Finds the content in its registry or layout. A shim whose content does not exist could not start anywhere, so the
 * registry is asked even where none of the content goes into the image.
 *
 * @throws Error when it does not exist, or is not a Spin application.
 */
export async function findContent(requested: RequestedContent, reader: RegistryReader): Promise<Content> {
  if (requested.kind === "layout") return contentInLayout(requested.folder, requested.repository);
  const { reference } = requested;
  const name = formatReference(reference);
  const manifest = await reader.manifest(reference);
  if (manifest === undefined) {
    throw new Error(
      `The content ${name} does not exist; publish it first, with spin-registry-push or spin registry push.`,
    );
  }
  return {
    reference,
    layers: spinLayers(manifest, name),
    blob: (layer, limit) => reader.blob(reference, layer, limit),
  };
}

async function contentInLayout(folder: string, repository: Repository): Promise<Content> {
  const { root, tag, blob } = await readLayout(folder);
  const { digest } = root.descriptor;
  return {
    reference: { ...repository, ...(tag === undefined ? {} : { tag }), digest },
    layers: spinLayers(root, `The artifact in ${folder}`),
    blob,
  };
}

/**
 * The layers of a Spin application.
 *
 * @throws Error when the manifest is something else: Spin runs what has a locked application, or a single Wasm layer.
 */
function spinLayers({ document }: FetchedManifest, name: string): readonly Descriptor[] {
  const layers = "layers" in document ? document.layers : [];
  const [only] = layers;
  const isBareModule = layers.length === 1 && only !== undefined && isWasmLayer(only);
  const hasLock = lockedAppLayer(layers) !== undefined;
  if (hasLock || isBareModule) return layers;
  throw new Error(
    `${name} is not a Spin application: it has no layer of type ${spinMediaTypes.lockedApp}; pass the output "reference" of spin-registry-push.`,
  );
}
