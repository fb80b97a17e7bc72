import { choice, flag, requiredText, text } from "@spin-publisher/action-runtime";
import { parseRepository, type Repository } from "@spin-publisher/oci";
import { type Engine, engines } from "./engine/choose.ts";
import { type LayerMode, layerModes } from "./layers/layers.ts";

/** What this action is asked for beyond what every publishing action is. */
export interface ContentInputs {
  readonly manifest: string;
  readonly repository: Repository;
  readonly layers: LayerMode;
  readonly engine: Engine;
  readonly build: boolean;
  readonly profile?: string;
}

export function readContentInputs(): ContentInputs {
  const profile = text("profile");
  return {
    manifest: requiredText("manifest"),
    // Names are lower-case in registries; owners on GitHub need not be.
    repository: parseRepository(requiredText("reference").toLowerCase()),
    layers: choice("layers", layerModes),
    engine: choice("engine", engines),
    build: flag("build"),
    ...(profile === "" ? {} : { profile }),
  };
}
