import {
  type Annotations,
  type Artifact,
  type FetchedManifest,
  formatReference,
  type Platform,
  type TargetState,
} from "@spin-publisher/oci";
import type { BaseWanted } from "./base-choice.ts";
import { type ContentWanted, findContent } from "./content.ts";
import { differences } from "./differences.ts";
import { type EmbedMode, embed } from "./embed.ts";
import { knownLayers } from "./known-layers.ts";
import { type BaseWorld, resolveBase } from "./resolve-base.ts";
import { buildShim } from "./shim.ts";

/** What a user asks for, parsed. */
export interface ShimRequest {
  readonly tag: string;
  readonly content: ContentWanted;
  readonly embed: EmbedMode;
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

export interface BuiltShim {
  readonly artifact: Artifact;
  /** How an existing shim differs from this one. */
  readonly describeDifference: (existing: FetchedManifest) => Promise<readonly string[]>;
}

/** Reads what a shim is made of, in parallel where nothing depends on anything, and makes it. */
export async function build(
  request: ShimRequest,
  state: Promise<TargetState>,
  world: BaseWorld,
): Promise<BuiltShim> {
  const [{ existing, previous }, content] = await Promise.all([
    state,
    findContent(request.content, world.reader),
  ]);
  world.tell(`  content: ${formatReference(content.reference)}`);
  const annotations = existing?.document.annotations;
  const known = new Map([...knownLayers(previous?.document.annotations), ...knownLayers(annotations)]);
  const pinned = request.immutable ? annotations : undefined;
  const [base, embedded] = await Promise.all([
    resolveBase(request.base, request.platforms, pinned, known, world),
    embed(request.embed, content, request.plainHttp, known),
  ]);
  const { tag, source, labels, created } = request;
  const artifact = await buildShim({
    ...{ tag, source, labels, created, base, embedded },
    content: content.reference,
    annotations: request.annotations,
  });
  return { artifact, describeDifference: async (found) => differences(found, artifact) };
}
