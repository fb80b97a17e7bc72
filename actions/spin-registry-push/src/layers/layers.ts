import type { Blob } from "@spin-publisher/oci";
import { spinMediaTypes } from "@spin-publisher/spin-artifact";
import type { Content } from "../content.ts";
import { type ArchiveContext, archiveLayers, type Layers } from "./archive.ts";

/** How files travel: one layer each, bundled in archives, or whichever suits their number. */
export const layerModes = ["auto", "files", "archive"] as const;
export type LayerMode = (typeof layerModes)[number];

/** What a component brings into the artifact. */
export interface LayerSource {
  readonly module: Content;
  /** In the order of the locked application. */
  readonly files: readonly FileContent[];
}

export interface FileContent {
  /** What decides, together with nothing else, in which archive the file travels. */
  readonly key: string;
  readonly content: Content;
}

/** Up to this many layers in all, `auto` gives each file its own: each costs a request when it is pushed and pulled. */
export const mostFileLayers = 64;

/**
 * The layers of an artifact before the locked application, each content once: a component's module, then its files;
 * where files are bundled, all modules and then the archives. What the locked application carries inline needs no
 * layer, except modules.
 */
export async function layersOf(
  components: readonly LayerSource[],
  mode: LayerMode,
  archives: ArchiveContext,
): Promise<Layers> {
  const single = unique(
    components.flatMap(({ module, files }) => [
      blob(spinMediaTypes.wasm, module),
      ...travelling(files).map(({ content }) => blob(spinMediaTypes.data, content)),
    ]),
  );
  const total = single.length + 1;
  if (mode === "files" || (mode === "auto" && total <= mostFileLayers))
    return { blobs: single, annotations: {} };
  const modules = unique(components.map(({ module }) => blob(spinMediaTypes.wasm, module)));
  const { blobs, annotations } = await archiveLayers(
    components.flatMap(({ files }) => travelling(files)),
    archives,
  );
  return { blobs: [...modules, ...blobs], annotations };
}

function travelling(files: readonly FileContent[]): readonly FileContent[] {
  return files.filter(({ content }) => content.inline === undefined);
}

export function blob(mediaType: string, { digest, size, source }: Content): Blob {
  return { descriptor: { mediaType, digest, size }, source };
}

function unique(blobs: readonly Blob[]): readonly Blob[] {
  const seen = new Map(blobs.map((one) => [`${one.descriptor.mediaType} ${one.descriptor.digest}`, one]));
  return [...seen.values()];
}
