import { link, mkdir, mkdtemp, rm, stat } from "node:fs/promises";
import { homedir } from "node:os";
import { isAbsolute, join } from "node:path";
import { errorCode } from "@spin-publisher/errors";
import type { Digest } from "@spin-publisher/oci";
import { type Content, contentOfFile } from "../files/content.ts";

/** Modules by digest. What is returned was verified just now: a file's name proves nothing about its bytes. */
export interface ModuleCache {
  find(digest: Digest): Promise<Content | undefined>;
  /**
   * Has `write` write a file, and keeps it if it is what the digest says.
   *
   * @returns its content, or what its digest really is.
   */
  keep(digest: Digest, write: (path: string) => Promise<void>): Promise<Content | { readonly found: Digest }>;
}

/**
 * Where `spin` itself keeps modules that it has downloaded: what one of us has fetched, the other need not. On Windows
 * file names cannot hold a colon.
 */
export function spinCacheFolder(environment: NodeJS.ProcessEnv, platform = process.platform): string {
  const home = homedir();
  if (platform === "darwin") return join(home, "Library", "Caches", "spin", "registry");
  if (platform === "win32")
    return join(environment.LOCALAPPDATA ?? join(home, "AppData", "Local"), "spin", "registry");
  const base = environment.XDG_CACHE_HOME ?? "";
  return join(isAbsolute(base) ? base : join(home, ".cache"), "spin", "registry");
}

export function createModuleCache(folder: string, platform = process.platform): ModuleCache {
  const wasm = join(folder, "wasm");
  const pathOf = (digest: Digest) => join(wasm, platform === "win32" ? digest.replace(":", "_") : digest);
  const find = async (digest: Digest) => {
    const path = pathOf(digest);
    const present = await stat(path).then(
      (found) => found.isFile(),
      () => false,
    );
    const content = present ? await contentOfFile(path) : undefined;
    return content?.digest === digest ? content : undefined;
  };
  return {
    find,
    async keep(digest, write) {
      await mkdir(wasm, { recursive: true });
      const workshop = await mkdtemp(join(wasm, ".download-"));
      try {
        const downloaded = join(workshop, "module");
        await write(downloaded);
        const content = await contentOfFile(downloaded);
        if (content.digest !== digest) return { found: content.digest };
        // What is there was found wanting, or another process has just put the same bytes there.
        await rm(pathOf(digest), { force: true });
        await link(downloaded, pathOf(digest)).catch(ifNotThere);
        return { ...content, source: { kind: "file", path: pathOf(digest) } };
      } finally {
        await rm(workshop, { recursive: true, force: true });
      }
    },
  };
}

function ifNotThere(error: unknown): void {
  if (errorCode(error) !== "EEXIST") throw error;
}
