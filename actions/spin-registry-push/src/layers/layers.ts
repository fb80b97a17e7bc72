import type { Blob } from "@spin-publisher/oci";
import { spinMediaTypes } from "@spin-publisher/spin-artifact";
import { type ArchiveContext, archiveLayers, type Layers } from "./archive.ts";
import { type FileContent, type LayerSource, layerOf } from "./layer-source.ts";

/** How files are stored: one layer each, bundled in archives, or by their number. */
export const layerModes = ["auto", "files", "archive"] as const;
export type LayerMode = (typeof layerModes)[number];

/** Up to this many layers in total, `auto` gives each file its own: each costs a request to push and one to pull. */
export const mostFileLayers = 64;

/**
 * The layers of an artifact before the locked application, each content once: a component's module, then its files;
 * where files are bundled, all modules and then the archives. Files that the locked application carries inline need no
 * layer; modules always do.
 */
export async function layersOf(
  components: readonly LayerSource[],
  mode: LayerMode,
  archives: ArchiveContext,
): Promise<Layers> {
  const single = unique(
    components.flatMap(({ module, files }) => [
      layerOf(spinMediaTypes.wasm, module),
      ...travelling(files).map(({ content }) => layerOf(spinMediaTypes.data, content)),
    ]),
  );
  const total = single.length + 1;
  if (mode === "files" || (mode === "auto" && total <= mostFileLayers))
    return { blobs: single, annotations: {} };
  const modules = unique(components.map(({ module }) => layerOf(spinMediaTypes.wasm, module)));
  const { blobs, annotations } = await archiveLayers(
    components.flatMap(({ files }) => travelling(files)),
    archives,
  );
  return { blobs: [...modules, ...blobs], annotations };
}

function travelling(files: readonly FileContent[]): readonly FileContent[] {
  return files.filter(({ content }) => content.inline === undefined);
}

function unique(blobs: readonly Blob[]): readonly Blob[] {
  const seen = new Map(blobs.map((one) => [`${one.descriptor.mediaType} ${one.descriptor.digest}`, one]));
  return [...seen.values()];
}
