import { messageOf } from "@spin-publisher/errors";
import { type JsonObject, objectsOf, parseObject } from "@spin-publisher/json";
import { type LockedApp, type LockedComponent, parseLockedApp } from "@spin-publisher/spin-artifact";

/** A locked application, as Spin's readers see it and as its publisher wrote it. */
export interface Lock {
  readonly app: LockedApp;
  /** JSON, with fields that are unknown here. */
  readonly bytes: Uint8Array;
}

/**
 * @param name names the content in an error.
 * @throws Error when Spin's own reader would refuse it.
 */
export function parseLock(bytes: Uint8Array, name: string): Lock {
  try {
    return { app: parseLockedApp(bytes), bytes };
  } catch (cause) {
    const message = `The locked application of ${name} is malformed: ${messageOf(cause)}; publish it again.`;
    throw new Error(message, { cause });
  }
}

/** A component with everything that its publisher wrote about it. */
export interface EmbeddableComponent extends LockedComponent {
  readonly document: JsonObject;
}

/** A locked application that an image can hold. */
export interface EmbeddableApp {
  readonly components: readonly EmbeddableComponent[];
  /** The one type of its triggers: http, redis. */
  readonly triggerType: string;
  readonly document: JsonObject;
}

/** @throws Error when the application cannot be embedded, saying why. */
export function embeddableApp({ app, bytes }: Lock, name: string): EmbeddableApp {
  const document = parseObject(bytes, `The locked application of ${name}`);
  const documents = objectsOf(document.components) ?? [];
  const [triggerType, ...others] = new Set(app.triggers.map(({ type }) => type));
  if (triggerType === undefined || others.length > 0) {
    const found = triggerType === undefined ? "no triggers" : `triggers of ${others.length + 1} types`;
    throw new Error(
      `${name} has ${found}, and an embedded application must have triggers of one type; set input "embed" to modules or none.`,
    );
  }
  for (const component of app.components) requireEmbeddable(component, name);
  const components = app.components.map((component, index) => ({
    ...component,
    document: documents[index] ?? {},
  }));
  return { components, triggerType, document };
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
