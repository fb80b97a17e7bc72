import { isObject, type JsonObject, sortedByKey, stringsOf } from "@spin-publisher/json";
import { port, type Start } from "../embed/container-command.ts";

/**
 * The user of the shim: "nonroot" of distroless images. A number, because Kubernetes can check `runAsNonRoot`
 * against numbers only.
 */
const user = "65532:65532";

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
