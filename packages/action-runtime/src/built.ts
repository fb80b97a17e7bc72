import type { Artifact, PublishPolicy } from "@spin-publisher/oci";
import type { Material } from "@spin-publisher/signing";

export type { Material };

/** What a builder made, and what only it can say about it. */
export interface Built {
  readonly artifact: Artifact;
  readonly describeDifference?: PublishPolicy["describeDifference"];
  readonly unaskedBytes?: PublishPolicy["unaskedBytes"];
  /** Outputs beyond those of every publishing action. */
  readonly outputs?: Readonly<Record<string, string>>;
  /** What it was built from, beside the commit; for its provenance. */
  readonly materials?: readonly Material[];
  /** What changed since the version before, a line each; may still be in the making, like `summary`. */
  readonly changes?: Promise<readonly string[]>;
  /** Markdown for the job summary, below the table; it may still be in the making while the artifact is published. */
  readonly summary?: string | Promise<string>;
}
