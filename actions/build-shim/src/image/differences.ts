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
import { knownLayers } from "../layers/known-layers.ts";
import { annotationKeys } from "../spec/annotations.ts";
import { formatPlatform } from "../spec/platforms.ts";

/**
 * Lines that say how an existing shim differs from a new one: in their indexes, and where those agree in the settings
 * of their first images.
 *
 * @param configOf the config of an image of the existing shim.
 */
export async function differences(
  existing: FetchedManifest,
  { root }: Artifact,
  configOf: (image: Digest) => Promise<JsonObject>,
): Promise<readonly string[]> {
  if (!("manifests" in existing.document)) {
    return ["the tag in the registry is a single image or another artifact, not a shim"];
  }
  const lines = indexDifferences(existing.document, root);
  if (lines.length > 0) return lines;
  const [published] = existing.document.manifests;
  const [built] = root.children;
  const settings =
    published === undefined || built === undefined
      ? []
      : settingDifferences(await configOf(published.digest), built);
  return settings.length > 0
    ? settings
    : ["something other than the images' settings, such as a layer of the base"];
}

function indexDifferences(existing: ImageIndex, root: Manifest): readonly string[] {
  const found = existing.annotations ?? {};
  const wanted = annotationsOf(root);
  const lines = differingKeys(found, wanted)
    // The digest of the base tells it for people.
    .filter((key) => key !== annotationKeys.base)
    .map((key) => difference(nameOf(key), shown(key, found), shown(key, wanted)));
  const published = platformsOf(existing.manifests);
  const built = platformsOf(root.children.map(({ descriptor }) => descriptor));
  return published === built ? lines : [...lines, difference("platforms", published, built)];
}

function difference(what: string, published: string, built: string): string {
  return `${what}: ${published} in the registry, ${built} in this run`;
}

function differingKeys(
  found: Readonly<Record<string, string>>,
  wanted: Readonly<Record<string, string>>,
): readonly string[] {
  const keys = new Set([...Object.keys(found), ...Object.keys(wanted)]);
  return [...keys].sort().filter((key) => found[key] !== wanted[key]);
}

/** The annotations of an index that was just built. */
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
      return "embedded layers";
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

/** Settings in which two images' configs differ, label by label. */
function settingDifferences(published: JsonObject, { blobs: [config] }: Manifest): readonly string[] {
  const built = config?.source.kind === "bytes" ? parseObject(config.source.bytes, "The new config") : {};
  const found = settingsOf(published);
  const wanted = settingsOf(built);
  return differingKeys(found, wanted).map((key) =>
    difference(key, found[key] ?? "none", wanted[key] ?? "none"),
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
