import {
  type Annotations,
  type Artifact,
  type FetchedManifest,
  formatReference,
  type Platform,
  type Reference,
  type RegistryReader,
  type TargetState,
} from "@spin-publisher/oci";
import { type BaseWanted, officialImage, recordedBase, type Satisfies } from "./base-choice.ts";
import { type Base, readBase } from "./base-image.ts";
import { type Content, type ContentWanted, findContent } from "./content.ts";
import { differences } from "./differences.ts";
import { buildShim } from "./shim.ts";
import { startFromRegistry } from "./start.ts";

/** What a user asks for, parsed. */
export interface ShimRequest {
  readonly tag: string;
  readonly content: ContentWanted;
  readonly base: BaseWanted;
  readonly platforms: readonly Platform[];
  /** Whether Spin asks the content's registry without TLS. */
  readonly plainHttp: boolean;
  /** The tag has to keep the image it has, so an existing image decides which base is used. */
  readonly immutable: boolean;
  readonly source: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Annotations;
  readonly created: string | undefined;
}

/** The edges of the world outside. */
export interface ShimWorld {
  readonly reader: RegistryReader;
  /** The newest release of Spin that satisfies `wanted`, as `4.0.2`. */
  readonly resolveSpin: (wanted: string) => Promise<string>;
  readonly satisfies: Satisfies;
  /** Takes one line for every decision. */
  readonly tell: (line: string) => void;
}

export interface BuiltShim {
  readonly artifact: Artifact;
  /** How an existing shim differs from this one. */
  readonly describeDifference: (existing: FetchedManifest) => Promise<readonly string[]>;
}

/** Reads what a shim is made of, in parallel where nothing depends on anything, and makes it. */
export async function build(
  request: ShimRequest,
  state: Promise<TargetState>,
  world: ShimWorld,
): Promise<BuiltShim> {
  const [base, content] = await Promise.all([
    state.then(({ existing }) => baseFor(request, existing, world)),
    contentFor(request.content, world),
  ]);
  const reference = formatReference(content.reference);
  world.tell(`  content: ${reference}`);
  const artifact = await buildShim({
    tag: request.tag,
    content: content.reference,
    base,
    start: startFromRegistry(reference, request.plainHttp),
    layersFor: () => [],
    source: request.source,
    labels: request.labels,
    annotations: request.annotations,
    records: {},
    created: request.created,
  });
  return {
    artifact,
    describeDifference: async (existing) => differences(existing, artifact),
  };
}

async function contentFor(wanted: ContentWanted, { reader }: ShimWorld): Promise<Content> {
  if (wanted.kind === "registry") return findContent(wanted.reference, reader);
  throw new Error("not yet");
}

async function baseFor(
  { base, platforms, immutable }: ShimRequest,
  existing: FetchedManifest | undefined,
  world: ShimWorld,
): Promise<Base> {
  const recorded = immutable
    ? recordedBase(existing?.document.annotations, base, world.satisfies)
    : undefined;
  const reference = recorded ?? (await wantedBase(base, world));
  const because = recorded === undefined ? "" : " (the one that the existing image was built on)";
  world.tell(`  base: ${formatReference(reference)}${because}`);
  return readBase(reference, platforms, world.reader);
}

async function wantedBase(base: BaseWanted, { resolveSpin }: ShimWorld): Promise<Reference> {
  switch (base.kind) {
    case "image":
      return base.reference;
    case "official":
      return officialImage(await resolveSpin(base.spinVersion));
    case "scratch":
      throw new Error("not yet");
  }
}
