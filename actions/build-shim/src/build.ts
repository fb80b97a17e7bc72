import type { Material, SignatureCheck } from "@spin-publisher/action-runtime";
import {
  type Annotations,
  type Artifact,
  type Digest,
  type FetchedManifest,
  formatReference,
  parseReference,
  type RegistryReader,
  type Repository,
  type TargetState,
} from "@spin-publisher/oci";
import type { Base } from "./base/base-image.ts";
import { recordOfBase } from "./base/base-record.ts";
import { officialVersion } from "./base/requested-base.ts";
import {
  type BaseDependencies,
  type BaseLookup,
  type EarlierShims,
  lookUpBase,
  lookUpSpin,
  resolveBase,
  type SpinLookup,
  spinVersion,
} from "./base/resolve-base.ts";
import { buildWithBuildx } from "./buildx/build-with-buildx.ts";
import { type Content, findContent } from "./content/find-content.ts";
import { whyNotPullable } from "./content/public-content.ts";
import { requireSpin } from "./content/required-spin.ts";
import { requireStartable } from "./content/startable.ts";
import { embed } from "./embed/embed.ts";
import { modulesRecipe } from "./embed/modules.ts";
import { differences } from "./image/differences.ts";
import { materialsOf } from "./image/materials.ts";
import { buildShim } from "./image/shim.ts";
import type { Buildx, ShimRequest } from "./inputs.ts";
import { type KnownLayers, knownLayers } from "./layers/known-layers.ts";
import { annotationKeys } from "./spec/annotations.ts";
import { imageConfig } from "./spec/image-config.ts";

/** What building a shim needs of the outside world. */
export interface Dependencies extends BaseDependencies {
  /** A registry client without credentials. */
  readonly anonymous: RegistryReader;
  /** Takes what a user should know of the image, beside the log. */
  readonly notice: (message: string) => void;
  /** Throws unless the base image is signed as demanded. */
  readonly verifyBase?: SignatureCheck | undefined;
  /** A folder that exists until the shim is published. */
  readonly temporaryFolder: string;
}

export interface BuiltShim {
  readonly artifact: Artifact;
  readonly materials: readonly Material[];
  /** How an existing shim differs from this one. */
  readonly describeDifference: (existing: FetchedManifest) => Promise<readonly string[]>;
  /** Resolves when nothing is left to be told about the image; never rejects. */
  readonly told: Promise<void>;
}

/**
 * Reads what a shim is made of, in parallel where nothing depends on anything else, and makes it. What the base and the
 * newest Spin are is asked beside the first look at the target, although an existing shim may make it unnecessary.
 */
export async function build(
  request: ShimRequest,
  state: Promise<TargetState>,
  dependencies: Dependencies,
): Promise<BuiltShim> {
  const { reader, log } = dependencies;
  const { builder } = request;
  const make =
    builder.kind === "append"
      ? appendTo(lookUpBase(builder.base, dependencies))
      : buildxWith(builder, lookUpSpin(builder.spin, dependencies));
  const [{ target, existing, previous }, content] = await Promise.all([
    state,
    findContent(request.content, reader),
  ]);
  log(`  content: ${formatReference(content.reference)}`);
  const earlier: EarlierShims = {
    pinned: request.immutable ? existing?.document.annotations : undefined,
    previous: previous?.document.annotations,
    known: layersKnownFrom(previous, existing),
    preload: () => void imagesOf(previous, target.repository, reader).catch(() => {}),
  };
  const artifact = await make(request, content, earlier, dependencies);
  const configOf = async (digest: Digest) => {
    const reference = { ...target.repository, digest };
    const manifest = await reader.manifest(reference);
    return manifest === undefined ? {} : imageConfig(manifest, reference, reader);
  };
  return {
    artifact,
    materials: materialsOf(content.reference, artifact),
    describeDifference: (found) => differences(found, artifact, configOf),
    told: existing === undefined ? tellHowToPull(request, content, dependencies) : Promise.resolve(),
  };
}

/** The images of an index; the client keeps what it reads by digest. */
async function imagesOf(
  index: FetchedManifest | undefined,
  { registry, name }: Repository,
  reader: RegistryReader,
): Promise<unknown> {
  const children = index !== undefined && "manifests" in index.document ? index.document.manifests : [];
  return Promise.all(children.map(({ digest }) => reader.manifest({ registry, name, digest })));
}

type Make = (
  request: ShimRequest,
  content: Content,
  earlier: EarlierShims,
  dependencies: Dependencies,
) => Promise<Artifact>;

/** The layers that the indexes record; of two records of one recipe the last index wins. */
function layersKnownFrom(...indexes: readonly (FetchedManifest | undefined)[]): KnownLayers {
  return new Map(indexes.flatMap((index) => [...knownLayers(index?.document.annotations)]));
}

function appendTo(lookup: BaseLookup): Make {
  return async (request, content, earlier, dependencies) => {
    const { tag, source, labels, annotations, created, platforms } = request;
    const [base, embedded, lock] = await Promise.all([
      resolveBase(lookup, platforms, earlier, dependencies).then((base) => verified(base, dependencies)),
      embed(request.embed, content, request.plainHttp, earlier.known),
      isVouchedFor(request, content, earlier) ? undefined : checked(content, dependencies),
    ]);
    const version = base.spin ?? officialVersion(base.name ?? "");
    const seeded = request.embed === "modules" && embedded.layers.length > 0;
    if (version !== undefined) requireSpin(version, seeded, lock);
    return buildShim({
      tag,
      source,
      labels,
      annotations,
      created,
      base,
      embedded,
      content: content.reference,
      baseRecord: isWithoutRecord(earlier.pinned) ? {} : recordOfBase(base, platforms),
    });
  };
}

/** @throws Error unless the base is signed as demanded, where that is. */
async function verified(base: Base, { verifyBase }: Dependencies): Promise<Base> {
  if (verifyBase === undefined || base.name === undefined || base.digest === undefined) return base;
  await verifyBase({ ...parseReference(base.name), digest: base.digest });
  return base;
}

/** Whether an existing shim is of a version of this action that recorded nothing: it is made again as it was. */
function isWithoutRecord(pinned: Annotations | undefined): boolean {
  return pinned !== undefined && pinned[annotationKeys.base] === undefined;
}

/**
 * Whether the content need not be read to know that it can start: an earlier shim runs content of the same repository
 * with the same modules, so that only files are new.
 */
function isVouchedFor(request: ShimRequest, content: Content, { previous, known }: EarlierShims): boolean {
  if (request.embed === "app") return false; // it is read anyway
  const recorded = previous?.[annotationKeys.content];
  if (recorded === undefined || !sameRepository(recorded, content)) return false;
  return request.embed === "none" || known.has(modulesRecipe(content));
}

function sameRepository(recorded: string, { reference }: Content): boolean {
  try {
    const { registry, name } = parseReference(recorded);
    return registry === reference.registry && name === reference.name;
  } catch {
    return false;
  }
}

async function checked(content: Content, dependencies: Dependencies) {
  await requireStartable(content, dependencies);
  return content.lock();
}

function buildxWith(builder: Buildx, spin: SpinLookup): Make {
  return async (request, content, earlier, dependencies) => {
    const vouchedFor = isVouchedFor({ ...request, embed: "none" }, content, earlier);
    const [version] = await Promise.all([
      spinVersion(spin, earlier.pinned, dependencies.log),
      vouchedFor ? undefined : checked(content, dependencies),
    ]);
    return buildWithBuildx(
      { ...builder, ...request, content: content.reference, spinVersion: version },
      dependencies.temporaryFolder,
    );
  };
}

/** Tells about an image that is new and pulls content which not everybody can pull. */
async function tellHowToPull(
  { content: requested, embed, dryRun }: ShimRequest,
  { reference }: Content,
  { anonymous, notice }: Dependencies,
): Promise<void> {
  if (dryRun || embed === "app" || requested.kind !== "registry") return;
  const reason = await whyNotPullable(reference, anonymous);
  if (reason !== undefined) notice(reason);
}
