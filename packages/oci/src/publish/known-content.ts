import type { FetchedManifest, RegistryClient } from "../client/types.ts";
import type { Digest } from "../spec/digest.ts";
import { childrenOf } from "../spec/parse-manifest.ts";
import type { TargetState } from "./publication.ts";

/** What the target repository is known to contain, because manifests in it refer to it. */
export interface KnownContent {
  /**
   * How the previous version's manifest lists its blobs, which decides how likely an unlisted blob is to be new:
   *
   * | previous version | what its manifest lists | a blob that it does not list |
   * |---|---|---|
   * | `none` | – | is new, unless an interrupted run uploaded it |
   * | `index` | manifests only | may well be in one of these |
   * | `manifest` | every blob | is new, unless an interrupted run uploaded it |
   */
  readonly previous: "none" | "index" | "manifest";
  /** Whether a manifest that was read already lists it; costs no request. */
  has(digest: Digest): boolean;
  /** Whether any manifest lists it. If the previous version is an index, the first call reads its manifests. */
  hasBelow(digest: Digest): Promise<boolean>;
}

/**
 * Takes what the manifests read by the inspection list as present: a registry keeps what a tagged manifest refers to. If it
 * has lost some of it after all, it refuses the new manifest, and the missing content is sent then.
 */
export function knownContent(client: RegistryClient, state: TargetState): KnownContent {
  const manifests = [state.existing, ...state.aliases.values(), state.previous].filter(
    (manifest) => manifest !== undefined,
  );
  const listed = new Set(manifests.flatMap(digestsIn));
  let below: Promise<ReadonlySet<Digest>> | undefined;
  return {
    previous:
      state.previous === undefined ? "none" : "manifests" in state.previous.document ? "index" : "manifest",
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
  // Attestations have the platform unknown/unknown; none of our layers is in them.
  const images = children.filter(({ platform }) => platform?.os !== "unknown").slice(0, 16);
  const manifests = await Promise.all(
    images.map(({ digest }) => client.manifest({ ...target.repository, digest }).catch(() => undefined)),
  );
  return new Set(manifests.flatMap((manifest) => (manifest === undefined ? [] : digestsIn(manifest))));
}
