import { readFile } from "node:fs/promises";
import { downloadFile, type Fetch } from "@spin-publisher/http";
import { type Digest, parseDigest } from "@spin-publisher/oci";
import { type Content, largestInline } from "../files/content.ts";
import type { ModuleCache } from "./cache.ts";
import { reasonAgainstWasmFile } from "./wasm-file.ts";

/** In bytes; no pod could run a larger module. */
const largestModule = 1 << 30;

/** Where modules that are pinned by digest come from. */
export interface ModuleOrigins {
  readonly fetch: Fetch;
  readonly cache: ModuleCache;
  /** Size in bytes of a blob that the target repository already has; undefined where it does not. */
  readonly sizeInRegistry: (digest: Digest) => Promise<number | undefined>;
}

/**
 * The Wasm of a component that is pinned by URL and digest. It is not downloaded if it is in the cache, or if the registry
 * has a blob with that digest, which was checked when it was first published.
 *
 * @throws Error (a clause for the caller's sentence) when the download does not match the digest, or is not Wasm.
 */
export async function remoteModule(url: string, pinned: string, origins: ModuleOrigins): Promise<Content> {
  const protocol = URL.parse(url)?.protocol;
  if (protocol !== "https:" && protocol !== "http:")
    throw new Error(`its source "${withoutQuery(url)}" is not an HTTP address`);
  const digest = parseDigest(pinned);
  const cached = await origins.cache.find(digest);
  if (cached !== undefined) return requireWasm(cached, url);
  const size = await origins.sizeInRegistry(digest);
  // Bytes up to the inline limit are part of the locked application.
  if (size === undefined || size <= largestInline) return obtain(url, digest, origins);
  const open = async () => {
    const content = await obtain(url, digest, origins);
    if (content.size === size) return readFile(pathOf(content));
    throw new Error(
      `${withoutQuery(url)} has ${content.size} bytes, but the registry says that ${digest} has ${size}.`,
    );
  };
  return { digest, size, source: { kind: "deferred", open } };
}

async function obtain(url: string, digest: Digest, { fetch, cache }: ModuleOrigins): Promise<Content> {
  const kept = await cache.keep(digest, async (path) => {
    await downloadFile(url, path, { fetch, limit: largestModule });
  });
  if ("found" in kept) {
    throw new Error(
      `its source is pinned to ${digest}, but ${withoutQuery(url)} delivers ${kept.found}; update the digest in the manifest if this is the content that you want`,
    );
  }
  return requireWasm(kept, url);
}

async function requireWasm(content: Content, url: string): Promise<Content> {
  const reason = await reasonAgainstWasmFile(pathOf(content));
  if (reason === undefined) return content;
  throw new Error(`its source ${withoutQuery(url)} ${reason}`);
}

/** For messages: the query of an address may hold a signature. */
export function withoutQuery(url: string): string {
  return url.replace(/[?#].*$/s, "");
}

function pathOf({ source }: Content): string {
  if (source.kind === "file") return source.path;
  throw new Error("A module in the cache is a file.");
}
