import { readFile } from "node:fs/promises";
import { downloadFile, type Fetch } from "@spin-publisher/http";
import { type Digest, parseDigest } from "@spin-publisher/oci";
import { type Content, largestInline } from "../files/content.ts";
import type { ModuleCache } from "./cache.ts";
import { reasonAgainstWasmFile } from "./wasm.ts";

/** In bytes; a module of this size would not fit into a pod either. */
const largestModule = 1 << 30;

/** Where modules that are pinned by digest can come from. */
export interface ModuleOrigins {
  readonly fetch: Fetch;
  readonly cache: ModuleCache;
  /** How many bytes a blob has that the target repository holds already; undefined where it does not. */
  readonly sizeInRegistry: (digest: Digest) => Promise<number | undefined>;
}

/**
 * The Wasm of a component that is pinned by URL and digest. It is downloaded only when it is needed: not where it is
 * in the cache, and not where the registry has a blob of that digest, which was a module when it was first published.
 *
 * @throws Error (a clause for the caller's sentence) when what the URL delivers is not what was pinned, or no Wasm.
 */
export async function remoteModule(url: string, pinned: string, origins: ModuleOrigins): Promise<Content> {
  const protocol = URL.parse(url)?.protocol;
  if (protocol !== "https:" && protocol !== "http:")
    throw new Error(`its source "${withoutQuery(url)}" is not an HTTP address`);
  const digest = parseDigest(pinned);
  const cached = await origins.cache.find(digest);
  if (cached !== undefined) return requireWasm(cached, url);
  const size = await origins.sizeInRegistry(digest);
  // Up to the inline limit the bytes are part of the locked application.
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

/** For messages: what signs an address stands in its query. */
function withoutQuery(url: string): string {
  return url.replace(/[?#].*$/s, "");
}

function pathOf({ source }: Content): string {
  if (source.kind === "file") return source.path;
  throw new Error("A module in the cache is a file.");
}
