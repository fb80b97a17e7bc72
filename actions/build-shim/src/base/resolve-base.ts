import { type Annotations, formatReference, type Platform, type RegistryReader } from "@spin-publisher/oci";
import { meets, type VersionRequest } from "@spin-publisher/spin-release";
import { type KnownLayers, knownLayers } from "../layers/known-layers.ts";
import { annotationKeys } from "../spec/annotations.ts";
import { type Base, readBase } from "./base-image.ts";
import { officialImage, type RequestedBase, recordedBase } from "./requested-base.ts";
import { type ReleaseArchive, scratchBase, systemRecipe } from "./scratch.ts";

/** What reading a base needs of the outside world. */
export interface BaseDependencies {
  readonly reader: RegistryReader;
  /** The newest release of Spin that meets a request, such as `4.0.2`. */
  readonly resolveSpin: (requested: VersionRequest) => Promise<string>;
  readonly releaseArchive: ReleaseArchive;
  /** Certificate authorities to trust, PEM. */
  readonly certificates: () => Promise<readonly string[]>;
  /** Takes one line for every decision. */
  readonly log: (line: string) => void;
}

/**
 * The requested base image; the one that an existing shim has, where the inputs still ask for it.
 *
 * @param pinned annotations of the existing shim, where it must not change.
 */
export async function resolveBase(
  requested: RequestedBase,
  platforms: readonly Platform[],
  pinned: Annotations | undefined,
  known: KnownLayers,
  dependencies: BaseDependencies,
): Promise<Base> {
  if (requested.kind === "scratch") {
    return fromScratch(requested.spin, platforms, pinned, known, dependencies);
  }
  const { log, reader, resolveSpin } = dependencies;
  const recorded = recordedBase(pinned, requested);
  const reference =
    recorded ??
    (requested.kind === "image" ? requested.reference : officialImage(await resolveSpin(requested.spin)));
  log(`  base: ${formatReference(reference)}${reasonFor(recorded)}`);
  return readBase(reference, platforms, reader);
}

async function fromScratch(
  requested: VersionRequest,
  platforms: readonly Platform[],
  pinned: Annotations | undefined,
  known: KnownLayers,
  dependencies: BaseDependencies,
): Promise<Base> {
  const version = await spinVersion(requested, pinned, dependencies);
  const pinnedSystem = [...knownLayers(pinned).keys()].find((recipe) =>
    recipe.startsWith(`${systemRecipe} `),
  );
  const { releaseArchive: archive, certificates } = dependencies;
  return scratchBase({ version, archive, certificates, pinnedSystem }, platforms, known);
}

/** The requested release of Spin; the one that an existing shim has, where it still meets the request. */
export async function spinVersion(
  requested: VersionRequest,
  pinned: Annotations | undefined,
  { resolveSpin, log }: Pick<BaseDependencies, "resolveSpin" | "log">,
): Promise<string> {
  const recorded = pinned?.[annotationKeys.spin];
  const kept = recorded !== undefined && meets(recorded, requested) ? recorded : undefined;
  const version = kept ?? (await resolveSpin(requested));
  log(`  Spin: the static release ${version}${reasonFor(kept)}`);
  return version;
}

function reasonFor(recorded: unknown): string {
  return recorded === undefined ? "" : " (the one that the existing image was built on)";
}
