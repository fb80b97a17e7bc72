import type { PublishReport, Repository } from "@spin-publisher/oci";
import type { GitHubEvent } from "./event.ts";

/** The result of a publishing action, or in a dry run of what it would do. */
export type Report = Pick<
  PublishReport,
  "reference" | "digest" | "tag" | "changed" | "uploadedBytes" | "aliases"
> & {
  /** Digest of the manifest that attaches the signature; empty if it is not signed. */
  readonly signature: string;
  /** Folder of the OCI layout that a dry run left, empty otherwise. */
  readonly layout: string;
  /** Why publishing the result of a dry run would be refused. */
  readonly refusal?: string;
};

/** What was published where, on which occasion. */
export interface Occasion {
  readonly what: string;
  readonly repository: Repository;
  readonly event: GitHubEvent;
  readonly seconds: number;
  /** Shell lines that use what was published; undefined where there is nothing to use. */
  readonly usage: string | undefined;
}
