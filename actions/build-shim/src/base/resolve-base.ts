import {
  type Annotations,
  type FetchedManifest,
  formatReference,
  type Platform,
  type Reference,
  type RegistryReader,
} from "@spin-publisher/oci";
import { meets, type VersionRequest } from "@spin-publisher/spin-release";
import { type KnownLayers, knownLayers } from "../layers/known-layers.ts";
import { annotationKeys } from "../spec/annotations.ts";
import { whenDenied } from "../spec/denied.ts";
import { type Base, nameOf, readBase } from "./base-image.ts";
import { baseFromRecord } from "./base-record.ts";
import { checkEntryPoint } from "./entry-point.ts";
import { officialImage, officialVersion, type RequestedBase, recordedBase } from "./requested-base.ts";
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
  /** Takes what may stop the image from starting, where that is not certain. */
  readonly warn: (message: string) => void;
}

/** A release of Spin that is being looked up, before anything is known of earlier images. */
export interface SpinLookup {
  readonly requested: VersionRequest;
  readonly newest: Promise<string>;
}

/** A base that is being looked up, before anything is known of earlier images. */
export type BaseLookup =
  | { readonly kind: "scratch"; readonly spin: SpinLookup }
  | {
      readonly kind: "image";
      readonly requested: Exclude<RequestedBase, { kind: "scratch" }>;
      readonly reference: Promise<Reference>;
      readonly top: Promise<FetchedManifest | undefined>;
    };

/** Images of earlier versions that may be reused. */
export interface EarlierShims {
  /** Annotations of the existing shim, where it must not change. */
  readonly pinned: Annotations | undefined;
  /** Annotations of the previous version: what it records is reused where the base is still the same. */
  readonly previous: Annotations | undefined;
  readonly known: KnownLayers;
  /**
   * Reads the manifests of the previous version's images. Publishing asks for them to know which layers of a new base
   * are already present; read beside the base's manifests they cost no round trip of their own.
   */
  readonly preload: () => void;
}

/** Looks up the newest release that meets a request. The answer may turn out to be unnecessary. */
export function lookUpSpin(
  requested: VersionRequest,
  { resolveSpin }: Pick<BaseDependencies, "resolveSpin">,
): SpinLookup {
  const newest = resolveSpin(requested);
  newest.catch(() => {}); // told where it is needed
  return { requested, newest };
}

/**
 * Looks up the requested base, so that its requests are sent beside the first look at the target. The answer may turn
 * out to be unnecessary: an existing shim keeps its base.
 */
export function lookUpBase(
  requested: RequestedBase,
  dependencies: Pick<BaseDependencies, "reader" | "resolveSpin">,
): BaseLookup {
  if (requested.kind === "scratch")
    return { kind: "scratch", spin: lookUpSpin(requested.spin, dependencies) };
  const reference =
    requested.kind === "image"
      ? Promise.resolve(requested.reference)
      : lookUpSpin(requested.spin, dependencies).newest.then(officialImage);
  const top = reference.then((found) => readTop(found, dependencies.reader));
  reference.catch(() => {}); // told where they are needed
  top.catch(() => {});
  return { kind: "image", requested, reference, top };
}

/**
 * The requested base, with its images; the one that an existing shim has, where the inputs still ask for it.
 *
 * @throws Error when it does not exist, lacks a platform or cannot start Spin.
 */
export async function resolveBase(
  lookup: BaseLookup,
  platforms: readonly Platform[],
  earlier: EarlierShims,
  dependencies: BaseDependencies,
): Promise<Base> {
  if (lookup.kind === "scratch") return fromScratch(lookup.spin, platforms, earlier, dependencies);
  const { log, warn, reader } = dependencies;
  const pinned = recordedBase(earlier.pinned, lookup.requested);
  if (pinned !== undefined) {
    log(`  base: ${formatReference(pinned)}${reasonFor(pinned)}`);
    const recorded = baseFromRecord(earlier.pinned, platforms);
    if (recorded !== undefined) return recorded;
    return readBase(pinned, existing(await readTop(pinned, reader), pinned), platforms, reader);
  }
  const reference = await lookup.reference;
  log(`  base: ${formatReference(reference)}`);
  const previous = baseFromRecord(earlier.previous, platforms);
  if (previous?.name === nameOf(reference)) {
    const digest = reference.digest ?? (await lookup.top)?.descriptor.digest;
    if (digest === previous.digest) return previous;
  }
  const top = existing(await lookup.top, reference);
  earlier.preload();
  const base = await readBase(reference, top, platforms, reader);
  checkEntryPoint(base, warn);
  return base;
}

function readTop(reference: Reference, reader: RegistryReader): Promise<FetchedManifest | undefined> {
  const advice = `This is about the base image: log in to ${reference.registry} in an earlier step, with credentials that can read it.`;
  return whenDenied(advice, () => reader.manifest(reference));
}

function existing(top: FetchedManifest | undefined, reference: Reference): FetchedManifest {
  if (top !== undefined) return top;
  const name = formatReference(reference);
  const version = officialVersion(name);
  throw new Error(
    version === undefined
      ? `The base image ${name} does not exist; set input "base-image" to one that does.`
      : `The base image ${name} does not exist: there is no official image of Spin ${version}. Set input "base-image" to scratch, or "spin-version" to another release.`,
  );
}

async function fromScratch(
  spin: SpinLookup,
  platforms: readonly Platform[],
  { pinned, known }: EarlierShims,
  { releaseArchive: archive, certificates, log }: BaseDependencies,
): Promise<Base> {
  const version = await spinVersion(spin, pinned, log);
  const pinnedSystem = [...knownLayers(pinned).keys()].find((recipe) =>
    recipe.startsWith(`${systemRecipe} `),
  );
  return scratchBase({ version, archive, certificates, pinnedSystem }, platforms, known);
}

/** The requested release of Spin; the one that an existing shim has, where it still meets the request. */
export async function spinVersion(
  { requested, newest }: SpinLookup,
  pinned: Annotations | undefined,
  log: BaseDependencies["log"],
): Promise<string> {
  const recorded = pinned?.[annotationKeys.spin];
  const kept = recorded !== undefined && meets(recorded, requested) ? recorded : undefined;
  const version = kept ?? (await newest);
  log(`  Spin: the static release ${version}${reasonFor(kept)}`);
  return version;
}

function reasonFor(recorded: unknown): string {
  return recorded === undefined ? "" : " (the one that the existing image was built on)";
}
