import type { FetchedManifest } from "../client/types.ts";
import type { Digest } from "../spec/digest.ts";
import type { Repository } from "../spec/reference.ts";

/** Where an artifact is to be published. */
export interface PublishTarget {
  readonly repository: Repository;
  readonly tag: string;
  /** Moving tags that will point at the artifact. The first existing alias is the version compared against. */
  readonly aliases: readonly string[];
}

/**
 * What the target contains before anything is built: the manifests at the tag and at each alias, and the previous version
 * (the manifest at the tag, else at the first alias that exists).
 */
export interface TargetState {
  readonly target: PublishTarget;
  readonly existing: FetchedManifest | undefined;
  readonly aliases: ReadonlyMap<string, FetchedManifest | undefined>;
  readonly previous: FetchedManifest | undefined;
}

export interface PublishPolicy {
  /** Refuse to move the tag if it exists and points at something else. */
  readonly immutable: boolean;
  /**
   * The largest artifact, in bytes of all its blobs, that is sent without asking for each blob where no earlier version is
   * known. It saves a round trip, and sends again what an interrupted run has uploaded. 0 where undefined.
   */
  readonly unaskedBytes?: number;
  /** Lines that describe how the existing artifact differs from the new one; added to the refusal. */
  readonly describeDifference?: (existing: FetchedManifest) => Promise<readonly string[]>;
  /**
   * Run when the tag points at the artifact, written now or before, and before any alias moves to it (to sign it). If it
   * fails, no alias moves.
   */
  readonly beforeAliases?: () => Promise<void>;
  /** Why an alias must stay where it is (it points at a newer release); undefined to move it. */
  readonly keepAlias?: (
    alias: string,
    current: FetchedManifest,
  ) => string | undefined | Promise<string | undefined>;
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
  /** Whether the tag was written; false if it already pointed at the artifact. */
  readonly changed: boolean;
  /** All body bytes sent, including manifests and retries. */
  readonly uploadedBytes: number;
  readonly blobs: {
    readonly total: number;
    readonly uploaded: number;
    readonly mounted: number;
    readonly present: number;
  };
  /** Everything the client has sent since it was created, including the inspection, tokens and retries. */
  readonly requests: number;
  readonly retries: number;
  readonly aliases: readonly AliasReport[];
}
