import { isObject, type JsonObject, parseObject } from "@spin-publisher/json";
import type {
  Annotations,
  Artifact,
  Digest,
  FetchedManifest,
  ImageIndex,
  Manifest,
  Platform,
} from "@spin-publisher/oci";
import { annotationKeys } from "./image/annotations.ts";
import { formatPlatform } from "./image/platforms.ts";
import { knownLayers } from "./layers/known-layers.ts";

/**
 * Lines that say how an existing shim differs from a new one: by their indexes, and where those agree by the
 * settings of their images.
 *
 * @param read the config of an image of the existing shim.
 */
export async function differences(
  existing: FetchedManifest,
  { root }: Artifact,
  read: (image: Digest) => Promise<JsonObject>,
): Promise<readonly string[]> {
  if (!("manifests" in existing.document)) {
    return ["what is there is not a shim but a single image or artifact"];
  }
  const lines = indexDifferences(existing.document, root);
  if (lines.length > 0) return lines;
  const [there] = existing.document.manifests;
  const [here] = root.children;
  const settings =
    there === undefined || here === undefined ? [] : settingDifferences(await read(there.digest), here);
  return settings.length > 0
    ? settings
    : ["something below the images' settings, such as a layer of the base"];
}

function indexDifferences(existing: ImageIndex, root: Manifest): readonly string[] {
  const found = existing.annotations ?? {};
  const wanted = annotationsOf(root);
  const lines = differingKeys(found, wanted).map(
    (key) => `${nameOf(key)}: ${shown(key, found)} there, ${shown(key, wanted)} here`,
  );
  const there = platformsOf(existing.manifests);
  const here = platformsOf(root.children.map(({ descriptor }) => descriptor));
  return there === here ? lines : [...lines, `platforms: ${there} there, ${here} here`];
}

function differingKeys(
  found: Readonly<Record<string, string>>,
  wanted: Readonly<Record<string, string>>,
): readonly string[] {
  const keys = new Set([...Object.keys(found), ...Object.keys(wanted)]);
  return [...keys].sort().filter((key) => found[key] !== wanted[key]);
}

/** The annotations of an index of ours. */
function annotationsOf({ bytes }: Manifest): Annotations {
  const { annotations } = parseObject(bytes, "The new index");
  if (!isObject(annotations)) return {};
  return Object.fromEntries(Object.entries(annotations).map(([key, value]) => [key, String(value)]));
}

function nameOf(key: string): string {
  switch (key) {
    case annotationKeys.content:
      return "content";
    case annotationKeys.baseName:
      return "base image";
    case annotationKeys.baseDigest:
      return "digest of the base image";
    case annotationKeys.layers:
      return "layers made for it";
    case annotationKeys.spin:
      return "Spin";
    default:
      return `annotation ${key}`;
  }
}

function shown(key: string, annotations: Annotations): string {
  if (key === annotationKeys.layers) return [...knownLayers(annotations).keys()].join(", ") || "none";
  return annotations[key] ?? "none";
}

function platformsOf(manifests: readonly { readonly platform?: Platform }[]): string {
  return manifests
    .flatMap(({ platform }) => (platform === undefined ? [] : [formatPlatform(platform)]))
    .join(", ");
}

/** Settings of two images' configs that differ, each label for itself. */
function settingDifferences(there: JsonObject, { blobs: [config] }: Manifest): readonly string[] {
  const here = config?.source.kind === "bytes" ? parseObject(config.source.bytes, "The new config") : {};
  const found = settingsOf(there);
  const wanted = settingsOf(here);
  return differingKeys(found, wanted).map(
    (key) => `${key}: ${found[key] ?? "none"} there, ${wanted[key] ?? "none"} here`,
  );
}

function settingsOf({ config, created }: JsonObject): Readonly<Record<string, string>> {
  const { Labels, ...settings } = isObject(config) ? config : {};
  const labels = Object.entries(isObject(Labels) ? Labels : {}).map(([key, value]) => [
    `label ${key}`,
    value,
  ]);
  const entries = [...labels, ...Object.entries({ ...settings, created })];
  return Object.fromEntries(
    entries.flatMap(([key, value]) => (value === undefined ? [] : [[key, JSON.stringify(value)]])),
  );
}
