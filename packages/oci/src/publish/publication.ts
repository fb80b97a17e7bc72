import type { FetchedManifest } from "../client/types.ts";
import type { Digest } from "../spec/digest.ts";
import type { Repository } from "../spec/reference.ts";

/** Where an artifact is to be published. */
export interface PublishTarget {
  readonly repository: Repository;
  readonly tag: string;
  /** Moving tags that are to point at the artifact afterwards, in the order of preference for "previous". */
  readonly aliases: readonly string[];
}

/**
 * What the target holds before anything is built: the manifest at the tag and the newest known version (that
 * manifest, else the first alias that exists). One GET for the tag and one for each alias, in parallel.
 */
export interface TargetState {
  readonly target: PublishTarget;
  readonly existing: FetchedManifest | undefined;
  readonly aliases: ReadonlyMap<string, FetchedManifest | undefined>;
  readonly previous: FetchedManifest | undefined;
}

export interface PublishPolicy {
  /** Refuse to let the tag point at anything but what it points at now. */
  readonly immutable: boolean;
  /** Lines that say how the existing artifact differs from the new one; added to the refusal. */
  readonly describeDifference?: (existing: FetchedManifest) => Promise<readonly string[]>;
  /** A reason why an alias must stay where it is (a newer release holds it), or undefined to move it. */
  readonly keepAlias?: (alias: string, current: FetchedManifest) => string | undefined;
}

export interface AliasReport {
  readonly tag: string;
  readonly outcome: "moved" | "unchanged" | "kept";
  /** Why it was kept. */
  readonly reason?: string;
}

export interface PublishReport {
  /** `host/repository:tag@digest` */
  readonly reference: string;
  readonly digest: Digest;
  readonly tag: string;
  /** Whether the tag was written: false where it already pointed at the artifact. */
  readonly changed: boolean;
  /** Every body byte that was sent, manifests and what had to be sent again included. */
  readonly uploadedBytes: number;
  readonly blobs: {
    readonly total: number;
    readonly uploaded: number;
    readonly mounted: number;
    readonly present: number;
  };
  /** All that the client has sent since it was made: the inspection, tokens and retries too. */
  readonly requests: number;
  readonly retries: number;
  readonly aliases: readonly AliasReport[];
}
