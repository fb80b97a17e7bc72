import { isObject, type JsonObject, objectsOf, parseObject } from "@spin-publisher/json";
import { formatReference } from "@spin-publisher/oci";
import { spinMediaTypes } from "@spin-publisher/spin-artifact";
import type { Content } from "./find-content.ts";

/** A component of a locked application, as far as embedding it needs to know. */
export interface LockedComponent {
  readonly id: string;
  /** Layer digest of its module. */
  readonly module: string;
  readonly files: readonly LockedFile[];
  /** Everything the lock says about it. */
  readonly document: JsonObject;
}

export interface LockedFile {
  readonly path: string;
  readonly digest: string;
  /** Base64 without padding, for contents of up to 128 bytes. */
  readonly inline: string | undefined;
}

/** The locked application of a Spin artifact: what runs, with digests where there were files. */
export interface LockedApp {
  readonly components: readonly LockedComponent[];
  /** The one type of its triggers. */
  readonly triggerType: string;
  readonly document: JsonObject;
}

const lockLimit = 64 << 20;

/** @throws Error when the application cannot be embedded, saying why. */
export async function readLockedApp(content: Content): Promise<LockedApp> {
  const name = formatReference(content.reference);
  const layer = content.layers.find(({ mediaType }) => mediaType === spinMediaTypes.lockedApp);
  if (layer === undefined) {
    throw new Error(
      `${name} is a bare Wasm module and not an application; set input "embed" to modules or none.`,
    );
  }
  const document = parseObject(await content.blob(layer, lockLimit), `The locked application of ${name}`);
  const components = objectsOf(document.components);
  const triggers = objectsOf(document.triggers);
  if (components === undefined || triggers === undefined) {
    throw new Error(
      `The locked application of ${name} has no list of components and triggers; publish it again.`,
    );
  }
  const [triggerType, ...others] = new Set(triggers.map((trigger) => trigger.trigger_type));
  if (typeof triggerType !== "string" || others.length > 0) {
    throw new Error(
      `${name} has triggers of ${others.length + 1} types, and an embedded application can have one; set input "embed" to modules or none.`,
    );
  }
  return {
    components: components.map((component) => lockedComponent(component, name)),
    triggerType,
    document,
  };
}

function lockedComponent(document: JsonObject, name: string): LockedComponent {
  const { id, source, files = [], dependencies } = document;
  const module = isObject(source) ? source.digest : undefined;
  const listed = objectsOf(files);
  if (typeof id !== "string" || typeof module !== "string" || listed === undefined) {
    throw new Error(
      `The locked application of ${name} has a component without id, module or files; publish it again.`,
    );
  }
  if (dependencies !== undefined) {
    throw new Error(
      `Component "${id}" of ${name} was published without its dependencies composed into it; publish it with Spin 3.2 or newer.`,
    );
  }
  return { id, module, files: listed.map((file) => lockedFile(file, id, name)), document };
}

function lockedFile({ path, digest, inline }: JsonObject, id: string, name: string): LockedFile {
  if (
    typeof path !== "string" ||
    typeof digest !== "string" ||
    (inline !== undefined && typeof inline !== "string")
  ) {
    throw new Error(`Component "${id}" of ${name} has a file without path or digest; publish it again.`);
  }
  if (path.split("/").some((segment) => ["", ".", ".."].includes(segment))) {
    throw new Error(
      `Component "${id}" of ${name} has a file "${path}", which is outside of its folder; do not trust it.`,
    );
  }
  return { path, digest, inline };
}
