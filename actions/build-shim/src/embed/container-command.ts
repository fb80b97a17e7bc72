import type { JsonObject } from "@spin-publisher/json";
import { isObject, sortedByKey, stringsOf } from "@spin-publisher/json";

/** Port that Spin listens on; unprivileged, so that no capability is needed. */
export const port = 3000;

/**
 * The user of the shim: "nonroot" of distroless images. A number, because Kubernetes can check `runAsNonRoot`
 * against numbers only.
 */
export const user = "65532:65532";

/**
 * Defaults as environment, not as arguments, so that a chart can override each of them. Everything that Spin
 * writes (working copy, caches) goes below /tmp: one writable mount there is enough for a read-only root file
 * system, and a user without an entry in /etc/passwd needs no home.
 */
const environment = {
  HOME: "/tmp",
  SPIN_HTTP_LISTEN_ADDR: `0.0.0.0:${port}`,
  XDG_CACHE_HOME: "/tmp/.cache",
} as const;

/** What Spin is started with. */
export interface Start {
  readonly command: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
}

/**
 * Spin on content of a registry, by digest: no shell, no script, nothing to look up. `--from-registry` and not
 * `--from`, so that no file can be taken for the reference.
 *
 * @param content reference with digest.
 * @param options.plainHttp whether the content's registry is asked without TLS (Spin calls this `--insecure`).
 * @param options.cache layer cache to look into before the registry is asked for a module.
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
 * Spin on an application in the image. `spin up` cannot start one from its lock, so the process is started that it
 * would start: `spin trigger`, told what to serve by two variables. They are how Spin speaks to its triggers, those
 * of plugins too, and the same in every release from 1.0 to 4.0.
 */
export function startEmbedded(folder: string, triggerType: string): Start {
  return {
    command: ["trigger", triggerType],
    environment: { ...environment, SPIN_LOCKED_URL: `file://${folder}/spin.lock`, SPIN_WORKING_DIR: folder },
  };
}

/**
 * The `config` object of an image that starts Spin: the base's, with what a shim owns replaced (image-spec,
 * config.md §Properties). The base's entry point stays if it has one, as `FROM` would keep it.
 */
export function runtimeConfig(
  base: JsonObject,
  start: Start,
  labels: Readonly<Record<string, string>>,
): JsonObject {
  const entrypoint = stringsOf(base.Entrypoint) ?? [];
  const exposed = isObject(base.ExposedPorts) ? base.ExposedPorts : {};
  return {
    ...base,
    User: user,
    ExposedPorts: { ...exposed, [`${port}/tcp`]: {} },
    Env: mergedEnvironment(stringsOf(base.Env) ?? [], start.environment),
    Entrypoint: entrypoint.length > 0 ? entrypoint : ["spin"],
    Cmd: start.command,
    Labels: sortedByKey({ ...inheritedLabels(base.Labels), ...labels }),
  };
}

function mergedEnvironment(
  base: readonly string[],
  ours: Readonly<Record<string, string>>,
): readonly string[] {
  const kept = base.filter((entry) => !Object.hasOwn(ours, entry.split("=", 1)[0] ?? ""));
  return [...kept, ...Object.entries(ours).map(([name, value]) => `${name}=${value}`)];
}

/**
 * The base's labels without `org.opencontainers.image.*`: those describe the base image (its version, its commit)
 * and would be wrong on ours.
 */
function inheritedLabels(labels: unknown): Record<string, unknown> {
  if (!isObject(labels)) return {};
  return Object.fromEntries(
    Object.entries(labels).filter(([name]) => !name.startsWith("org.opencontainers.image.")),
  );
}
