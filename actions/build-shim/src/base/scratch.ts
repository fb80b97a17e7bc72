import { gunzipSync } from "node:zlib";
import { tar, untar } from "@spin-publisher/archive";
import { blobOf, digestOf, mediaTypes, type Platform } from "@spin-publisher/oci";
import { formatPlatform } from "../image/platforms.ts";
import { type KnownLayers, layerBy, type Recipe } from "../layers/known-layers.ts";
import { type Layer, layerOf } from "../layers/layer.ts";
import type { Base, BaseImage } from "./base-image.ts";

/** A verified archive of Spin's static release. */
export type ReleaseArchive = (version: string, architecture: "amd64" | "arm64") => Promise<Uint8Array>;

/** What an image that starts from nothing is made of. */
export interface ScratchParts {
  readonly version: string;
  readonly archive: ReleaseArchive;
  /** Certificate authorities to trust, PEM. */
  readonly certificates: () => Promise<readonly string[]>;
  /** The recipe of the layer with certificates that an existing image has and is to keep. */
  readonly pinnedSystem?: Recipe | undefined;
}

/** What the recipe of the layer with certificates starts with. */
export const systemRecipe = "system/1";

const limits = { totalBytes: 1 << 30, entries: 100 };

/**
 * Images that start from nothing: a layer with /tmp and the certificate authorities, and Spin's static release.
 *
 * The release's archive is the layer, byte for byte: a flat tar.gz with `spin` in it is one already. Its digest is
 * the one in the release's checksums file, so that anybody can check where it comes from, and nothing has to be
 * compressed again.
 *
 * @throws Error when Spin was not released for a platform.
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

/**
 * Where OpenSSL, which Spin is linked with, looks for certificates. Without them Spin could not fetch its content
 * by HTTPS.
 */
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
        `The archive of Spin ${version} for ${architecture} does not hold an executable "spin".`,
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
