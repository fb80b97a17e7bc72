import { open } from "node:fs/promises";
import { isLfsPointer, lfsAdvice } from "@spin-publisher/errors";

function reasonAgainstWasm(start: Uint8Array): string | undefined {
  const header = Buffer.from(start.subarray(0, 8)).toString("hex");
  if (header === "0061736d0d000100" || header === "0061736d01000000") return undefined;
  if (header.startsWith("0061736d")) return "is a WebAssembly binary of an unknown version";
  if (/^\s*\(/.test(new TextDecoder().decode(start.subarray(0, 64)))) {
    return "is WebAssembly text, which Spin does not run; convert it with wat2wasm";
  }
  if (isLfsPointer(start)) return `is a Git LFS pointer and not the file itself; ${lfsAdvice}`;
  return start.length === 0 ? "is empty" : "is not a WebAssembly module or component";
}

/**
 * Why a file cannot be a component's Wasm, judged by its first eight bytes (WebAssembly core spec §5.5.16 and the component
 * model's binary format): a component or a core module. Readers componentize core modules when they load them.
 */
export async function reasonAgainstWasmFile(path: string): Promise<string | undefined> {
  const file = await open(path, "r");
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(64), 0, 64, 0);
    return reasonAgainstWasm(buffer.subarray(0, bytesRead));
  } finally {
    await file.close();
  }
}
