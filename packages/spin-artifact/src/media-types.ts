/** The media types of a published application's layers (Spin 2.0 and newer). */
export const spinMediaTypes = {
  wasm: "application/vnd.wasm.content.layer.v1+wasm",
  /** What other tools call a module; Spin reads it since 3.6 and never writes it. */
  bareWasm: "application/wasm",
  data: "application/vnd.wasm.content.layer.v1+data",
  /** A gzipped tar of any files; readers store each by the digest of its content and forget its name. */
  archive: "application/vnd.wasm.content.bundle.v1.tar+gzip",
  lockedApp: "application/vnd.fermyon.spin.application.v1+config",
} as const;

/** What has a media type: a layer's descriptor. */
interface Typed {
  readonly mediaType: string;
}

/** Whether a layer is a module or a component. */
export function isWasmLayer({ mediaType }: Typed): boolean {
  return mediaType === spinMediaTypes.wasm || mediaType === spinMediaTypes.bareWasm;
}

/** The layer with the locked application: the last, as for Spin; undefined where there is none. */
export function lockedAppLayer<Layer extends Typed>(layers: readonly Layer[]): Layer | undefined {
  return layers.findLast(({ mediaType }) => mediaType === spinMediaTypes.lockedApp);
}
