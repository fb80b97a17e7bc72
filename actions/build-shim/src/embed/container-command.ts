/** Port that Spin listens on; unprivileged, so that no capability is needed. */
export const port = 3000;

/**
 * Defaults as environment variables, not as arguments, so that a chart can override each of them. Everything that Spin
 * writes (working copy, caches) goes below /tmp: one writable mount there is enough for a read-only root file
 * system, and a user without an entry in /etc/passwd needs no home.
 */
const environment = {
  HOME: "/tmp",
  SPIN_HTTP_LISTEN_ADDR: `0.0.0.0:${port}`,
  XDG_CACHE_HOME: "/tmp/.cache",
} as const;

/** How a container starts Spin. */
export interface Start {
  readonly command: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
}

/**
 * Runs Spin on content in a registry, by digest: no shell, no script, nothing to look up. `--from-registry` and not
 * `--from`, so that no file can be taken for the reference.
 *
 * @param content reference with digest.
 * @param options.plainHttp whether Spin pulls the content without TLS (`--insecure`).
 * @param options.cache layer cache to look in before a module is pulled.
 */
export function startFromRegistry(
  content: string,
  { plainHttp, cache }: { readonly plainHttp: boolean; readonly cache?: string },
): Start {
  const seeded = cache === undefined ? [] : ["--cache-dir", cache];
  const transport = plainHttp ? ["--insecure"] : [];
  return { command: ["up", ...seeded, ...transport, "--from-registry", content], environment };
}

/**
 * Runs Spin on an application in the image. `spin up` cannot start one from its lock, so the image starts the process
 * that `spin up` would start: `spin trigger`, which learns from two variables what to serve. Spin passes them to all
 * of its triggers, plugins included, and they are the same in every release from 1.0 to 4.0.
 */
export function startEmbedded(folder: string, triggerType: string): Start {
  return {
    command: ["trigger", triggerType],
    environment: { ...environment, SPIN_LOCKED_URL: `file://${folder}/spin.lock`, SPIN_WORKING_DIR: folder },
  };
}
