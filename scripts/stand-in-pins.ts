// Sites pin their modules by digest. A stand-in module has another digest, which the published copy must pin.
import { parse } from "smol-toml";

export interface Repinned {
  readonly url: string;
  readonly pinned: string;
  readonly standIn: string;
}

/**
 * A `spin.toml` that pins the digests of stand-ins in place of the real modules'. Everything else is unchanged.
 *
 * @param standIns download URL → `sha256:…`
 */
export function withStandInPins(
  manifest: string,
  standIns: ReadonlyMap<string, string>,
): { readonly text: string; readonly repinned: readonly Repinned[] } {
  const repinned = sourcesOf(parse(manifest)).flatMap(({ url, digest }) => {
    const standIn = standIns.get(url);
    return standIn === undefined || standIn === digest ? [] : [{ url, pinned: digest, standIn }];
  });
  const text = repinned.reduce((edited, { pinned, standIn }) => edited.replaceAll(pinned, standIn), manifest);
  return { text, repinned };
}

/** Every table with a `url` and a `digest`, wherever a version of the manifest format puts it. */
export function sourcesOf(value: unknown): ReadonlyArray<{ readonly url: string; readonly digest: string }> {
  if (typeof value !== "object" || value === null) return [];
  const { url, digest } = { url: undefined, digest: undefined, ...value };
  if (typeof url === "string" && typeof digest === "string") return [{ url, digest }];
  return Object.values(value).flatMap(sourcesOf);
}
