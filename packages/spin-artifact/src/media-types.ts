/** What Spin calls the parts of a published application. */
export const spinMediaTypes = {
  wasm: "application/vnd.wasm.content.layer.v1+wasm",
  data: "application/vnd.wasm.content.layer.v1+data",
  /** A gzipped tar of any files; readers store each by the digest of its content and forget its name. */
  archive: "application/vnd.wasm.content.bundle.v1.tar+gzip",
  lockedApp: "application/vnd.fermyon.spin.application.v1+config",
} as const;
