import { type LockedApp, spinMediaTypes } from "@spin-publisher/spin-artifact";
import type { Content } from "./find-content.ts";

/** Messages for people: `warn` where the image probably does not do what it should, `notice` for what else it needs. */
export interface Messages {
  readonly warn: (message: string) => void;
  readonly notice: (message: string) => void;
}

/**
 * Checks that Spin can start the content: its triggers have components, and its layers hold what the components name.
 * Publishers check this; what was published by other means, or is only half an application, shows here and not in a pod.
 *
 * @throws Error naming what is missing.
 */
export async function requireStartable(content: Content, { warn, notice }: Messages): Promise<void> {
  const lock = await content.lock();
  if (lock === undefined) return; // a bare module, which Spin serves under every path
  const { app } = lock;
  const { name } = content;
  const problem = missingComponent(app) ?? missingLayer(app, content);
  if (problem !== undefined) throw new Error(`${name} cannot start: ${problem}; publish it again.`);
  const types = new Set(app.triggers.map(({ type }) => type));
  if (!types.has("http")) {
    warn(
      `${name} has no HTTP trigger (its triggers: ${[...types].join(", ")}), so the image listens on no port; a chart or Service that probes port 3000 never becomes ready.`,
    );
  }
  const needed = [...app.variables].flatMap(([variable, { defaultValue }]) =>
    defaultValue === undefined ? [`SPIN_VARIABLE_${variable.toUpperCase()}`] : [],
  );
  if (needed.length > 0) {
    notice(`${name} has variables without a default value; set ${needed.join(", ")} in the container.`);
  }
}

function missingComponent({ triggers, components }: LockedApp): string | undefined {
  if (triggers.length === 0) return "it has no triggers";
  const ids = new Set(components.map(({ id }) => id));
  const lost = triggers.find(({ config }) => {
    const component = config.get("component");
    return typeof component === "string" && !ids.has(component);
  });
  return lost === undefined
    ? undefined
    : `its trigger "${lost.id}" runs a component "${lost.config.get("component")}", which does not exist`;
}

function missingLayer({ components }: LockedApp, { layers }: Content): string | undefined {
  const held = new Set(layers.map(({ digest }) => digest));
  const hasArchives = layers.some(({ mediaType }) => mediaType === spinMediaTypes.archive);
  for (const { id, source, files } of components) {
    if (!held.has(source.digest)) {
      return `component "${id}" runs the module ${source.digest}, which none of its layers holds`;
    }
    // What is in an archive shows only when it is unpacked.
    const file = hasArchives
      ? undefined
      : files.find(({ digest, inline }) => inline === undefined && !held.has(digest));
    if (file !== undefined) {
      return `component "${id}" has a file "${file.path}" with ${file.digest}, which none of its layers holds`;
    }
  }
  return undefined;
}
