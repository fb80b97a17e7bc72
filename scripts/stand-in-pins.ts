// Sites pin their modules by digest. A stand-in module has another one, which the copy that is published must pin.
import { parse } from "smol-toml";

export interface Repinned {
  readonly url: string;
  readonly pinned: string;
  readonly standIn: string;
}

/**
 * A `spin.toml` with the digests of stand-ins where it pins what they stand for. Everything else is kept as it is.
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

/** Every table with a `url` and a `digest`, wherever a version of the manifest format has it. */
function sourcesOf(value: unknown): ReadonlyArray<{ readonly url: string; readonly digest: string }> {
  if (typeof value !== "object" || value === null) return [];
  const { url, digest } = { url: undefined, digest: undefined, ...value };
  if (typeof url === "string" && typeof digest === "string") return [{ url, digest }];
  return Object.values(value).flatMap(sourcesOf);
}
