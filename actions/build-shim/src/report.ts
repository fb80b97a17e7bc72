import type { ImageIndex, ImageManifest, Platform } from "@spin-publisher/oci";
import type { BuiltShim } from "./build.ts";
import { port } from "./embed/container-command.ts";
import { platformDigests } from "./image/shim.ts";
import { formatPlatform } from "./spec/platforms.ts";

/** What this action says about a shim beyond what every publishing action says: the image of each platform. */
export function shimReport(
  { artifact, told }: BuiltShim,
  requested: readonly Platform[],
): {
  readonly outputs: Readonly<Record<string, string>>;
  readonly summary: Promise<string>;
} {
  const platforms = platformDigests(artifact, requested);
  const rows = Object.entries(platforms).map(([platform, digest]) => `| ${platform} | \`${digest}\` |`);
  return {
    outputs: { platforms: JSON.stringify(platforms) },
    summary: told.then(() => ["| Platform | Image |", "| --- | --- |", ...rows].join("\n")),
  };
}

/** The output `platforms` of an index that exists: the image of each platform that it lists. */
export function platformsOutput(document: ImageIndex | ImageManifest): Readonly<Record<string, string>> {
  const manifests = "manifests" in document ? document.manifests : [];
  const platforms = manifests.flatMap(({ platform, digest }): readonly (readonly [string, string])[] =>
    platform === undefined ? [] : [[formatPlatform(platform), digest]],
  );
  return { platforms: JSON.stringify(Object.fromEntries(platforms)) };
}

/** How to run what was published, for the job summary. */
export function usage(address: string): string {
  return `docker run --rm -p ${port}:${port} ${address}`;
}
