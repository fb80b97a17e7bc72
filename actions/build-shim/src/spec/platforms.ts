import type { JsonObject } from "@spin-publisher/json";
import type { Platform } from "@spin-publisher/oci";

const grammar = /^([a-z0-9]+)\/([a-z0-9]+)(?:\/([a-z0-9.]+))?$/;

/** `linux/amd64`, `linux/arm/v7`: how people write a platform. */
export function formatPlatform({ os, architecture, variant }: Platform): string {
  return [os, architecture, ...(variant === undefined ? [] : [variant])].join("/");
}

/**
 * The platforms in a list separated by commas, blanks or line breaks, in its order. An index lists them in the same
 * order, and clients take the first that fits.
 *
 * @throws Error when the list is empty, or an entry is not `os/architecture[/variant]`, not Linux, or repeated.
 */
export function parsePlatforms(text: string): readonly Platform[] {
  const platforms = text
    .split(/[\s,]+/)
    .filter((name) => name !== "")
    .map(parsePlatform);
  if (platforms.length === 0) throw new Error('Input "platforms" is empty; use linux/amd64,linux/arm64.');
  const names = platforms.map(formatPlatform);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) throw new Error(`Input "platforms" has ${twice} twice; keep one of them.`);
  return platforms;
}

function parsePlatform(text: string): Platform {
  const [, os, architecture, variant] = grammar.exec(text) ?? [];
  if (os === undefined || architecture === undefined) {
    throw new Error(`Input "platforms" must list platforms such as linux/amd64, but one entry is "${text}".`);
  }
  if (os !== "linux") {
    throw new Error(
      `Spin runs in Linux containers only, but input "platforms" has "${text}"; use linux/${architecture}.`,
    );
  }
  // arm64 has one variant: consumers treat arm64 and arm64/v8 alike (image-spec, image-index.md §Platform Variants).
  const implied = architecture === "arm64" && variant === "v8";
  return variant === undefined || implied ? { os, architecture } : { os, architecture, variant };
}

/** How well an offered platform fits the wanted one: 2 exactly, 1 with a variant nobody asked for, 0 not at all. */
export function platformMatch(wanted: Platform, offered: Platform): 0 | 1 | 2 {
  if (wanted.os !== offered.os || wanted.architecture !== offered.architecture) return 0;
  if (wanted.variant === offered.variant) return 2;
  return wanted.variant === undefined ? 1 : 0;
}

/** The platform that an image's config names (image-spec, config.md §Properties); undefined where it names none. */
export function configPlatform({ os, architecture, variant }: JsonObject): Platform | undefined {
  if (typeof os !== "string" || typeof architecture !== "string") return undefined;
  return { os, architecture, ...(typeof variant === "string" && variant !== "" ? { variant } : {}) };
}
