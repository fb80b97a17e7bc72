import { type Annotations, formatReference, type Platform, type RegistryReader } from "@spin-publisher/oci";
import { meets, type VersionRequest } from "@spin-publisher/spin-release";
import { annotationKeys } from "../image/annotations.ts";
import { type KnownLayers, knownLayers } from "../layers/known-layers.ts";
import { type Base, readBase } from "./base-image.ts";
import { type BaseWanted, officialImage, recordedBase } from "./requested-base.ts";
import { type ReleaseArchive, scratchBase, systemRecipe } from "./scratch.ts";

/** The world outside, as far as a base comes from it. */
export interface BaseWorld {
  readonly reader: RegistryReader;
  /** The newest release of Spin that is asked for, as `4.0.2`. */
  readonly resolveSpin: (wanted: VersionRequest) => Promise<string>;
  readonly releaseArchive: ReleaseArchive;
  /** Certificate authorities to trust, PEM. */
  readonly certificates: () => Promise<readonly string[]>;
  /** Takes one line for every decision. */
  readonly tell: (line: string) => void;
}

/**
 * The base image that is wanted, or the one that an existing shim has, where today's inputs still ask for it.
 *
 * @param pinned annotations of the existing shim where it must not change.
 */
export async function resolveBase(
  wanted: BaseWanted,
  platforms: readonly Platform[],
  pinned: Annotations | undefined,
  known: KnownLayers,
  world: BaseWorld,
): Promise<Base> {
  if (wanted.kind === "scratch") return fromScratch(wanted.spin, platforms, pinned, known, world);
  const recorded = recordedBase(pinned, wanted);
  const reference =
    recorded ??
    (wanted.kind === "image" ? wanted.reference : officialImage(await world.resolveSpin(wanted.spin)));
  world.tell(`  base: ${formatReference(reference)}${reasonFor(recorded)}`);
  return readBase(reference, platforms, world.reader);
}

async function fromScratch(
  wanted: VersionRequest,
  platforms: readonly Platform[],
  pinned: Annotations | undefined,
  known: KnownLayers,
  world: BaseWorld,
): Promise<Base> {
  const version = await resolveSpin(wanted, pinned, world);
  const pinnedSystem = [...knownLayers(pinned).keys()].find((recipe) =>
    recipe.startsWith(`${systemRecipe} `),
  );
  const { releaseArchive: archive, certificates } = world;
  return scratchBase({ version, archive, certificates, pinnedSystem }, platforms, known);
}

/** The release of Spin that is wanted, or the one that an existing shim has, where it is still one of those. */
export async function resolveSpin(
  wanted: VersionRequest,
  pinned: Annotations | undefined,
  world: Pick<BaseWorld, "resolveSpin" | "tell">,
): Promise<string> {
  const recorded = pinned?.[annotationKeys.spin];
  const kept = recorded !== undefined && meets(recorded, wanted) ? recorded : undefined;
  const version = kept ?? (await world.resolveSpin(wanted));
  world.tell(`  Spin: the static release ${version}${reasonFor(kept)}`);
  return version;
}

function reasonFor(recorded: unknown): string {
  return recorded === undefined ? "" : " (what the existing image was built on)";
}
