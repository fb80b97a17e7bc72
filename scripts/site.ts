// make site: the website on http://localhost:3000 (SITE_PORT). Spin restarts it when a file of site/ changes.
import { spawn } from "node:child_process";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { messageOf } from "@spin-publisher/errors";
import { createFetch } from "@spin-publisher/http";
import { parse } from "smol-toml";
import { createModuleCache, spinCacheFolder } from "../actions/spin-registry-push/src/sources/cache.ts";
import { type ModuleOrigins, remoteModule } from "../actions/spin-registry-push/src/sources/remote.ts";
import { installSpin } from "./local-spin.ts";
import { sourcesOf } from "./stand-in-pins.ts";

export interface Site {
  /** The checkout. */
  readonly root: string;
  readonly state: string;
  readonly env: NodeJS.ProcessEnv;
  readonly tell: (line: string) => void;
  /** Spin's cache of modules, where it is not its own. */
  readonly cache?: string;
  /** Stops Spin. */
  readonly signal?: AbortSignal;
}

/**
 * Serves the site until Spin ends.
 *
 * @returns the exit code of Spin; 0 where it was stopped.
 * @throws Error when Spin or a module of the site cannot be fetched, or when Spin does not start, saying what it needs.
 */
export async function serveSite({ root, state, env, tell, cache, signal }: Site): Promise<number> {
  const spin = env.SPIN || (await installSpin({ root, state, env, tell }));
  const manifest = join(root, "site", "spin.toml");
  const origins = {
    fetch: createFetch({ environment: env }),
    cache: createModuleCache(cache ?? spinCacheFolder(env)),
    sizeInRegistry: async () => undefined,
  };
  await fetchModules(await readFile(manifest, "utf8"), origins, tell);
  const port = env.SITE_PORT || "3000";
  tell(`Serving the site on http://localhost:${port}. Edit site/ and reload the page; stop with Ctrl-C.`);
  // Links begin with base_url of config/site.toml, which is where visitors find the site and not this machine.
  const local = ["--listen", `127.0.0.1:${port}`, "--env", `BASE_URL=http://localhost:${port}`];
  return run(spin, ["watch", "--from", manifest, ...local], env, signal);
}

/** Spin knows no mirrors, so its modules are put into its cache by the code of spin-registry-push. */
async function fetchModules(
  manifest: string,
  origins: ModuleOrigins,
  tell: (line: string) => void,
): Promise<void> {
  for (const { url, digest } of sourcesOf(parse(manifest))) {
    try {
      const { size } = await remoteModule(url, digest, origins);
      tell(`${url}: ${(size / 2 ** 20).toFixed(1)} MiB, verified`);
    } catch (error) {
      throw new Error(
        `A module of the site is not available: ${messageOf(error)}\nIt is downloaded once. Behind a proxy set HTTPS_PROXY, with a mirror ORIGIN_MIRRORS=https://github.com=https://mirror.example.com.`,
        { cause: error },
      );
    }
  }
}

function run(
  spin: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv,
  signal: AbortSignal | undefined,
): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn(spin, args, { env, stdio: "inherit" });
    const stop = () => child.kill("SIGINT");
    signal?.addEventListener("abort", stop, { once: true });
    child.once("error", (cause) =>
      reject(new Error(`"${spin}" cannot be started: ${cause.message}`, { cause })),
    );
    child.once("close", (code) => resolve(signal?.aborted ? 0 : (code ?? 1)));
  });
}

if (import.meta.main) {
  const stopped = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => stopped.abort());
  const root = join(import.meta.dirname, "..");
  try {
    process.exitCode = await serveSite({
      ...{ root, state: join(root, ".sandbox"), env: process.env, signal: stopped.signal },
      tell: (line) => console.log(line),
    });
  } catch (error) {
    console.error(messageOf(error));
    process.exitCode = 1;
  }
}
