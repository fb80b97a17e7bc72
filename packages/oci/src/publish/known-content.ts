import type { FetchedManifest, RegistryClient } from "../client/types.ts";
import type { Digest } from "../spec/digest.ts";
import { childrenOf } from "../spec/parse-manifest.ts";
import type { TargetState } from "./publication.ts";

/** What the target repository is known to hold because manifests in it refer to it. */
export interface KnownContent {
  /**
   * How much is known of the previous version: `all` where its manifest names every blob, so that what it does not name
   * is probably new; `top` where it is an index.
   */
  readonly extent: "none" | "top" | "all";
  /** Known without asking. */
  has(digest: Digest): boolean;
  /** Known after reading the manifests below the previous index, once, if it is one. */
  hasBelow(digest: Digest): Promise<boolean>;
}

/**
 * Knowledge from the manifests that the inspection has read: a registry keeps what a tagged manifest refers to. Where
 * that is wrong all the same, the registry says so when the manifest comes, and what it misses is sent then.
 */
export function knownContent(client: RegistryClient, state: TargetState): KnownContent {
  const manifests = [state.existing, ...state.aliases.values(), state.previous].filter(
    (manifest) => manifest !== undefined,
  );
  const listed = new Set(manifests.flatMap(digestsIn));
  let below: Promise<ReadonlySet<Digest>> | undefined;
  return {
    extent: state.previous === undefined ? "none" : "manifests" in state.previous.document ? "top" : "all",
    has: (digest) => listed.has(digest),
    hasBelow: async (digest) => {
      below ??= readBelow(client, state);
      return listed.has(digest) || (await below).has(digest);
    },
  };
}

function digestsIn({ descriptor, document }: FetchedManifest): readonly Digest[] {
  const parts = "manifests" in document ? document.manifests : [document.config, ...document.layers];
  return [descriptor, ...parts].map(({ digest }) => digest);
}

async function readBelow(
  client: RegistryClient,
  { target, previous }: TargetState,
): Promise<ReadonlySet<Digest>> {
  const children = previous === undefined ? [] : (childrenOf(previous.document) ?? []);
  // Attestations have the platform unknown/unknown; no layer of ours is in them.
  const images = children.filter(({ platform }) => platform?.os !== "unknown").slice(0, 16);
  const manifests = await Promise.all(
    images.map(({ digest }) => client.manifest({ ...target.repository, digest }).catch(() => undefined)),
  );
  return new Set(manifests.flatMap((manifest) => (manifest === undefined ? [] : digestsIn(manifest))));
}
