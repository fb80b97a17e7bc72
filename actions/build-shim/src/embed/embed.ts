import { formatReference } from "@spin-publisher/oci";
import type { Content } from "../content/find-content.ts";
import type { KnownLayers } from "../layers/known-layers.ts";
import type { Layer } from "../layers/layer.ts";
import { type Start, startEmbedded, startFromRegistry } from "./container-command.ts";
import { appFolder, embeddedApp } from "./embedded-app.ts";
import { modulesLayer, requireNoModuleAmongFiles, seedFolder } from "./modules.ts";

/** How much of the content is in the image: nothing, its Wasm modules, or all of it. */
export const embedModes = ["none", "modules", "app"] as const;
export type EmbedMode = (typeof embedModes)[number];

/** What a mode puts into the image, and how Spin is then started. */
export interface Embedded {
  /** Layers that change rarely come first. */
  readonly layers: readonly Layer[];
  readonly start: Start;
}

/** @throws Error when the content cannot be embedded in this mode, naming one in which it can. */
export async function embed(
  mode: EmbedMode,
  content: Content,
  plainHttp: boolean,
  known: KnownLayers,
): Promise<Embedded> {
  const reference = formatReference(content.reference);
  if (mode === "none") return { layers: [], start: startFromRegistry(reference, { plainHttp }) };
  if (mode === "modules") {
    requireNoModuleAmongFiles(content);
    const layer = await modulesLayer(content, known);
    if (layer === undefined) return { layers: [], start: startFromRegistry(reference, { plainHttp }) };
    return { layers: [layer], start: startFromRegistry(reference, { plainHttp, cache: seedFolder }) };
  }
  const [modules, app] = await Promise.all([modulesLayer(content, known), embeddedApp(content)]);
  return {
    layers: modules === undefined ? [app.layer] : [modules, app.layer],
    start: startEmbedded(appFolder, app.triggerType),
  };
}
