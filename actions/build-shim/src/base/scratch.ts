import { gunzipSync } from "node:zlib";
import { tar, untar } from "@spin-publisher/archive";
import { blobOf, digestOf, mediaTypes, type Platform } from "@spin-publisher/oci";
import { type KnownLayers, layerBy, type Recipe } from "../layers/known-layers.ts";
import { type Layer, layerOf } from "../layers/layer.ts";
import { formatPlatform } from "../spec/platforms.ts";
import type { Base, BaseImage } from "./base-image.ts";

/** A verified archive of Spin's static release. */
export type ReleaseArchive = (version: string, architecture: "amd64" | "arm64") => Promise<Uint8Array>;

/** What an image that starts from nothing is made of. */
export interface ScratchParts {
  readonly version: string;
  readonly archive: ReleaseArchive;
  /** Certificate authorities to trust, PEM. */
  readonly certificates: () => Promise<readonly string[]>;
  /** Recipe of the layer with certificates, where an existing image has one that it must keep. */
  readonly pinnedSystem?: Recipe | undefined;
}

/** Beginning of the recipe of the layer with certificates. */
export const systemRecipe = "system/1";

const limits = { totalBytes: 1 << 30, entries: 100 };

/**
 * Images that start from nothing: a layer with /tmp and the certificate authorities, and Spin's static release.
 *
 * The release's archive is the layer, byte for byte: a flat tar.gz with `spin` in it already is one. The layer's digest
 * is the one in the release's checksums file, so anyone can check where it comes from, and nothing is compressed again.
 *
 * @throws Error when Spin is not released for a platform.
 */
export async function scratchBase(
  parts: ScratchParts,
  platforms: readonly Platform[],
  known: KnownLayers,
): Promise<Base> {
  const system = await systemLayer(parts, known);
  const images = await Promise.all(
    platforms.map(async (platform): Promise<BaseImage> => {
      const layers = [system, await spinLayer(platform, parts, known)];
      const history = layers.map(({ createdBy }) => ({ created_by: createdBy }));
      const config = { Entrypoint: ["/spin"], Env: ["PATH=/"] };
      const { os, architecture } = platform;
      return { platform, digest: undefined, config: { architecture, os, config, history }, layers };
    }),
  );
  return { name: undefined, digest: undefined, images, spin: parts.version };
}

/** Certificates where OpenSSL, which Spin is linked with, looks for them. Without them Spin could not use HTTPS. */
async function systemLayer({ certificates, pinnedSystem }: ScratchParts, known: KnownLayers): Promise<Layer> {
  const bundle = (await certificates()).map((certificate) => `${certificate.trim()}\n`).join("");
  const recipe = pinnedSystem ?? `${systemRecipe} ${digestOf(bundle)}`;
  return layerBy(recipe, known, "/tmp, /etc/ssl/certs", async () =>
    layerOf(
      await tar([
        { type: "directory", path: "etc" },
        { type: "directory", path: "etc/ssl" },
        { type: "directory", path: "etc/ssl/certs" },
        {
          type: "file",
          path: "etc/ssl/certs/ca-certificates.crt",
          bytes: new TextEncoder().encode(bundle),
        },
        { type: "directory", path: "tmp", shared: true },
      ]),
    ),
  );
}

async function spinLayer(
  platform: Platform,
  { version, archive }: ScratchParts,
  known: KnownLayers,
): Promise<Layer> {
  const { architecture } = platform;
  if (architecture !== "amd64" && architecture !== "arm64") {
    throw new Error(
      `Spin is not released for ${formatPlatform(platform)}, only for linux/amd64 and linux/arm64; change the input "platforms".`,
    );
  }
  const recipe = `spin/1 ${version} ${architecture}`;
  return layerBy(recipe, known, `/spin ${version}`, async () => {
    const bytes = await archive(version, architecture);
    const files = await untar(bytes, limits, (path) => path === "spin");
    if (files[0]?.executable !== true) {
      throw new Error(
        `The archive of Spin ${version} for ${architecture} does not contain an executable "spin".`,
      );
    }
    const { descriptor, source } = blobOf(mediaTypes.layerTarGzip, bytes);
    return {
      descriptor,
      source,
      diffId: digestOf(gunzipSync(bytes, { maxOutputLength: limits.totalBytes })),
    };
  });
}
