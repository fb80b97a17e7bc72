import type { Blob } from "@spin-publisher/oci";
import type { Content } from "../files/content.ts";

/** What a component brings into the artifact. */
export interface LayerSource {
  readonly module: Content;
  /** In the order of the locked application. */
  readonly files: readonly FileContent[];
}

export interface FileContent {
  /** Decides, together with the number of archives, which archive the file belongs in. */
  readonly key: string;
  readonly content: Content;
}

/** Content as a layer of its own. */
export function layerOf(mediaType: string, { digest, size, source }: Content): Blob {
  return { descriptor: { mediaType, digest, size }, source };
}
