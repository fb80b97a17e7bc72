import { type LockedApp, serialiseLockedApp } from "@spin-publisher/spin-artifact";
import { contentOf } from "../src/files/content.ts";
import { lockApplication } from "../src/locked-app/lock.ts";
import { ManifestError } from "../src/manifest/error.ts";
import type { Application } from "../src/manifest/model.ts";
import { readManifest } from "../src/manifest/read.ts";
import { component } from "./wasm.ts";

export const read = (toml: string, profile?: string): Application => readManifest(Buffer.from(toml), profile);

/** Why a manifest is refused, with the line: `7: component.web has a field …`. */
export function refusal(toml: string | Uint8Array, profile?: string): string {
  try {
    readManifest(Buffer.from(toml), profile);
  } catch (error) {
    if (error instanceof ManifestError) return `${error.line}: ${error.reason}`;
    throw error;
  }
  throw new Error(`This manifest was not refused:\n${toml}`);
}

/** The locked application of a manifest, every component of it without files and with the same tiny module. */
export function lock(toml: string, profile?: string): LockedApp {
  const application = read(toml, profile);
  const source = contentOf(component);
  return lockApplication(
    application,
    application.components.map((component) => ({ component, source, files: [] })),
  );
}

/** As a runtime reads it. */
// biome-ignore lint/suspicious/noExplicitAny: the tests look into it as they please
export const locked = (toml: string, profile?: string): any =>
  JSON.parse(serialiseLockedApp(lock(toml, profile)));

/** A manifest of version 2 with one http component; `more` is appended to the component. */
export const withComponent = (more: string, source = '"web.wasm"') => `spin_manifest_version = 2
[application]
name = "site"
[[trigger.http]]
route = "/..."
component = "web"
[component.web]
source = ${source}
${more}`;
