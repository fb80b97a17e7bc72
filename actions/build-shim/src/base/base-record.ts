import { gunzipSync } from "node:zlib";
import { gzip } from "@spin-publisher/archive";
import { isObject, type JsonObject, parseObject } from "@spin-publisher/json";
import { type Annotations, isDigest, type Platform, parseReference } from "@spin-publisher/oci";
import { annotationKeys } from "../spec/annotations.ts";
import { formatPlatform } from "../spec/platforms.ts";
import type { Base, BaseImage } from "./base-image.ts";
import { layersOf } from "./base-layers.ts";

/** In bytes: what is larger is read from its registry each time. Manifests may have 4 MiB (distribution-spec). */
const limits = { annotation: 32 << 10, unpacked: 1 << 20 };

/**
 * The annotation with which a shim's index records the images of its base, so that the next release on the same base is
 * built without reading them again: their manifests and configs would be two waves of requests. JSON, gzipped, base64:
 * `{"linux/amd64": {"platform": …, "digest": …, "config": …, "layers": […]}}`. Empty where there is nothing to record.
 *
 * @param requested the platforms as requested, in the order of the base's images.
 */
export function recordOfBase({ name, images, record }: Base, requested: readonly Platform[]): Annotations {
  if (name === undefined) return {};
  if (record !== undefined) return { [annotationKeys.base]: record }; // compressing it again takes 10 ms
  const entries = images.map(({ platform, digest, config, layers }, index) => [
    formatPlatform(requested[index] ?? platform),
    { platform, digest, config, layers: layers.map(({ descriptor }) => descriptor) },
  ]);
  const bytes = gzip(new TextEncoder().encode(JSON.stringify(Object.fromEntries(entries))));
  const text = Buffer.from(bytes).toString("base64");
  return text.length > limits.annotation ? {} : { [annotationKeys.base]: text };
}

/**
 * The base that a shim's index records, for the requested platforms. As with `knownLayers`, trust only an index in the
 * repository that is published to. Anything malformed counts as not recorded.
 *
 * @returns undefined where a platform is missing, or nothing is recorded.
 */
export function baseFromRecord(
  annotations: Annotations | undefined,
  requested: readonly Platform[],
): Base | undefined {
  const name = annotations?.[annotationKeys.baseName];
  const digest = annotations?.[annotationKeys.baseDigest];
  const text = annotations?.[annotationKeys.base];
  if (name === undefined || digest === undefined || !isDigest(digest) || text === undefined) return undefined;
  try {
    const bytes = gunzipSync(Buffer.from(text, "base64"), { maxOutputLength: limits.unpacked });
    const record = parseObject(bytes, "The record");
    const names = requested.map(formatPlatform);
    const images = names.map((platform) => recordedImage(record[platform], name));
    const isWhole = names.join() === Object.keys(record).join();
    return { name, digest, images, ...(isWhole ? { record: text } : {}) };
  } catch {
    return undefined;
  }
}

function recordedImage(entry: unknown, name: string): BaseImage {
  const { platform, digest, config, layers } = isObject(entry) ? entry : ({} as JsonObject);
  const known = isPlatform(platform) && typeof digest === "string" && isDigest(digest) && isObject(config);
  if (!known) throw new Error("The record is malformed.");
  const { registry, name: repository } = parseReference(name);
  return {
    platform,
    digest,
    config,
    layers: layersOf(layers, config, { registry, name: repository }, "The record"),
  };
}

function isPlatform(value: unknown): value is Platform {
  return isObject(value) && typeof value.os === "string" && typeof value.architecture === "string";
}
