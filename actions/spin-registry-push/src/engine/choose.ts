import { ManifestError } from "../manifest/error.ts";
import type { Application } from "../manifest/model.ts";
import { spinFeatures } from "./needs-spin.ts";

/** Who assembles an application: this action, `spin` itself, or whichever its manifest needs. */
export const engines = ["auto", "native", "cli"] as const;
export type Engine = (typeof engines)[number];

/**
 * @throws ManifestError when this action is to assemble what only Spin can.
 */
export function chooseEngine(engine: Engine, application: Application): "native" | "cli" {
  const [feature] = spinFeatures(application);
  if (engine === "auto") return feature === undefined ? "native" : "cli";
  if (engine === "cli" || feature === undefined) return engine;
  throw new ManifestError(
    feature.line,
    `${feature.what} needs spin; set the input "engine" to auto or cli, and add a step with setup-spin before this one`,
  );
}
