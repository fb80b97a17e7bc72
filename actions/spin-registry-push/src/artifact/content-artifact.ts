import {
  type Annotations,
  type Artifact,
  type Blob,
  blobOf,
  type Descriptor,
  manifestOf,
  mediaTypes,
} from "@spin-publisher/oci";
import {
  type LockedApp,
  serialise,
  serialiseLockedApp,
  spinMediaTypes,
  structure,
} from "@spin-publisher/spin-artifact";
import type { ArchiveContext } from "../layers/archive.ts";
import type { LayerSource } from "../layers/layer-source.ts";
import { type LayerMode, layersOf } from "../layers/layers.ts";

export interface ArtifactOptions {
  readonly mode: LayerMode;
  readonly archives: ArchiveContext;
  readonly annotations: Annotations;
}

/**
 * The artifact of an application in Spin's own form: its layers, the locked application as the last of them, and a
 * config whose only purpose is to differ whenever the application does (container runtimes take the config's digest
 * for the image's identity).
 */
export async function contentArtifact(
  app: LockedApp,
  components: readonly LayerSource[],
  { mode, archives, annotations }: ArtifactOptions,
): Promise<Artifact> {
  const lockedApp = blobOf(spinMediaTypes.lockedApp, serialiseLockedApp(app));
  const bundled = await layersOf(components, mode, archives);
  const layers = [...bundled.blobs, lockedApp];
  const config = blobOf(mediaTypes.config, configDocument(lockedApp));
  const document = manifestDocument(config.descriptor, layers, {
    ...bundled.annotations,
    ...annotations,
  });
  return { root: manifestOf(mediaTypes.manifest, document, { blobs: [config, ...layers] }) };
}

function configDocument({ descriptor }: Blob): string {
  return JSON.stringify({
    architecture: "wasm",
    os: "wasip1",
    config: { Labels: { "com.fermyon.spin.lockedAppDigest": descriptor.digest } },
    rootfs: { type: "layers", diff_ids: [] },
  });
}

/**
 * The manifest as Spin writes it: keys sorted, no media type inside, texts in Unicode's NFC. Control characters are
 * escaped; Spin's own formatter leaves them as they are, and what it makes of a description of several lines is not
 * JSON.
 */
function manifestDocument(config: Descriptor, layers: readonly Blob[], annotations: Annotations): string {
  const normalised = Object.entries(annotations).map(
    ([name, text]) => [name.normalize("NFC"), text.normalize("NFC")] as const,
  );
  return serialise(
    structure(
      ["annotations", normalised.length === 0 ? undefined : new Map(normalised)],
      ["config", descriptorDocument(config)],
      ["layers", layers.map(({ descriptor }) => descriptorDocument(descriptor))],
      ["schemaVersion", { number: "2" }],
    ),
  );
}

function descriptorDocument({ digest, mediaType, size }: Descriptor) {
  return structure(["digest", digest], ["mediaType", mediaType], ["size", { number: String(size) }]);
}
