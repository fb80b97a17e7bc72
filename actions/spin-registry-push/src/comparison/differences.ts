import type { LockedApp } from "@spin-publisher/spin-artifact";
import type { LayerSource } from "../layers/layer-source.ts";
import type { PublishedPart } from "./published-parts.ts";

/** What happened to a file or module between two versions. */
export interface Difference {
  readonly name: string;
  readonly kind: "added" | "changed" | "removed";
  /** Bytes before and after, where they are known and there are any. */
  readonly before: number | undefined;
  readonly after: number | undefined;
}

/** The files and modules of an application that is about to be published. */
export function partsToPublish(app: LockedApp, layers: readonly LayerSource[]): readonly PublishedPart[] {
  return app.components.flatMap(({ id, source, files }, index) => {
    const contents = layers[index];
    return [
      { name: id, digest: source.digest, size: contents?.module.size },
      ...files.map(({ path, digest }, position) => ({
        name: `${id}/${path}`,
        digest,
        size: contents?.files[position]?.content.size,
      })),
    ];
  });
}

/** How `after` differs from `before`, in the order of `after`, what was removed at the end. */
export function differencesBetween(
  before: readonly PublishedPart[],
  after: readonly PublishedPart[],
): readonly Difference[] {
  const earlier = new Map(before.map((part) => [part.name, part]));
  const later = new Set(after.map(({ name }) => name));
  const arrived = after.flatMap(({ name, digest, size }): Difference[] => {
    const old = earlier.get(name);
    if (old === undefined) return [{ name, kind: "added", before: undefined, after: size }];
    return old.digest === digest ? [] : [{ name, kind: "changed", before: old.size, after: size }];
  });
  const removed = before
    .filter(({ name }) => !later.has(name))
    .map(({ name, size }): Difference => ({ name, kind: "removed", before: size, after: undefined }));
  return [...arrived, ...removed];
}
