import { messageOf } from "@spin-publisher/errors";
import { type JsonObject, objectsOf, parseObject } from "@spin-publisher/json";
import { formatReference } from "@spin-publisher/oci";
import {
  type LockedApp,
  type LockedComponent,
  largestLockedApp,
  lockedAppLayer,
  parseLockedApp,
} from "@spin-publisher/spin-artifact";
import type { Content } from "./find-content.ts";

/** A locked application that an image can hold. */
export interface EmbeddableApp {
  readonly components: readonly EmbeddableComponent[];
  /** The one type of its triggers: http, redis. */
  readonly triggerType: string;
  /** Everything that the publisher wrote, with fields that are unknown here. */
  readonly document: JsonObject;
}

export interface EmbeddableComponent extends LockedComponent {
  /** Everything that the publisher wrote about it. */
  readonly document: JsonObject;
}

/** @throws Error when the application is malformed or cannot be embedded, saying why. */
export async function readEmbeddableApp(content: Content): Promise<EmbeddableApp> {
  const name = formatReference(content.reference);
  const layer = lockedAppLayer(content.layers);
  if (layer === undefined) {
    throw new Error(
      `${name} is a bare Wasm module and not an application; set input "embed" to modules or none.`,
    );
  }
  const bytes = await content.blob(layer, largestLockedApp);
  const { triggers, components } = parsed(bytes, name);
  const document = parseObject(bytes, `The locked application of ${name}`);
  const documents = objectsOf(document.components) ?? [];
  const [triggerType, ...others] = new Set(triggers.map(({ type }) => type));
  if (triggerType === undefined || others.length > 0) {
    const found = triggerType === undefined ? "no triggers" : `triggers of ${others.length + 1} types`;
    throw new Error(
      `${name} has ${found}, and an embedded application must have triggers of one type; set input "embed" to modules or none.`,
    );
  }
  for (const component of components) requireEmbeddable(component, name);
  return {
    components: components.map((component, index) => ({ ...component, document: documents[index] ?? {} })),
    triggerType,
    document,
  };
}

function parsed(bytes: Uint8Array, name: string): LockedApp {
  try {
    return parseLockedApp(bytes);
  } catch (cause) {
    const message = `The locked application of ${name} is malformed: ${messageOf(cause)}; publish it again.`;
    throw new Error(message, { cause });
  }
}

function requireEmbeddable({ id, uncomposed, files }: LockedComponent, name: string): void {
  if (uncomposed !== undefined) {
    throw new Error(
      `Component "${id}" of ${name} was published without its dependencies composed into it; publish it with Spin 3.2 or newer.`,
    );
  }
  const outside = files.find(({ path }) =>
    path.split("/").some((segment) => ["", ".", ".."].includes(segment)),
  );
  if (outside !== undefined) {
    throw new Error(
      `Component "${id}" of ${name} has a file "${outside.path}", which is outside its folder; do not trust this content.`,
    );
  }
}
