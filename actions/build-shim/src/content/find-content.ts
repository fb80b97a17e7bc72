import {
  type Descriptor,
  type FetchedManifest,
  formatReference,
  type RegistryReader,
  type Repository,
  readLayout,
} from "@spin-publisher/oci";
import { isWasmLayer, largestLockedApp, lockedAppLayer } from "@spin-publisher/spin-artifact";
import { whenDenied } from "../spec/denied.ts";
import { kindOf } from "./artifact-kind.ts";
import { type Lock, parseLock } from "./locked-app.ts";
import type { ContentReference, RequestedContent } from "./requested-content.ts";

/** The content that a shim runs. */
export interface Content {
  readonly reference: ContentReference;
  /** How errors name it. */
  readonly name: string;
  readonly layers: readonly Descriptor[];
  /** The verified bytes of one of `layers`, of at most `limit` bytes. */
  readonly blob: (layer: Descriptor, limit: number) => Promise<Uint8Array>;
  /** Its locked application, read once; undefined for a bare Wasm module. */
  readonly lock: () => Promise<Lock | undefined>;
}

/**
 * Finds the content in its registry or layout. A shim whose content does not exist could not start anywhere, so the
 * registry is asked even where none of the content goes into the image.
 *
 * @throws Error when it does not exist, may not be read, or is not a Spin application.
 */
export async function findContent(requested: RequestedContent, reader: RegistryReader): Promise<Content> {
  if (requested.kind === "layout") return contentInLayout(requested.folder, requested.repository);
  const { reference } = requested;
  const manifest = await readManifest(reference, reader);
  return contentOf(manifest, reference, (layer, limit) => reader.blob(reference, layer, limit));
}

async function readManifest(reference: ContentReference, reader: RegistryReader): Promise<FetchedManifest> {
  const manifest = await whenDenied(
    `This is about the content: set "content-username" and "content-password" to credentials that can read it, or log in to ${reference.registry} in an earlier step.`,
    () => reader.manifest(reference),
  );
  if (manifest !== undefined) return manifest;
  throw new Error(
    `The content ${formatReference(reference)} does not exist; publish it first, with spin-registry-push or spin registry push. After a dry run of spin-registry-push, which publishes nothing, pass its output "layout".`,
  );
}

async function contentInLayout(folder: string, repository: Repository): Promise<Content> {
  const { root, tag, blob } = await readLayout(folder);
  const reference = { ...repository, ...(tag === undefined ? {} : { tag }), digest: root.descriptor.digest };
  return contentOf(root, reference, blob, `The artifact in ${folder}`);
}

function contentOf(
  manifest: FetchedManifest,
  reference: ContentReference,
  blob: Content["blob"],
  name = formatReference(reference),
): Content {
  const layers = spinLayers(manifest, name);
  let lock: Promise<Lock | undefined> | undefined;
  const readLock = async () => {
    const layer = lockedAppLayer(layers);
    return layer === undefined ? undefined : parseLock(await blob(layer, largestLockedApp), name);
  };
  const lockOnce = () => {
    lock ??= readLock();
    return lock;
  };
  return { reference, name, layers, blob, lock: lockOnce };
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
  if (lockedAppLayer(layers) !== undefined || isBareModule) return layers;
  throw new Error(
    `${name} is ${kindOf(document)}, not a Spin application; pass the output "reference" of spin-registry-push as "content".`,
  );
}
