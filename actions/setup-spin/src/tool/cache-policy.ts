/** The input `cache`. */
export type CacheInput = "auto" | "true" | "false";

/** What decides whether the Actions cache is used. */
export interface CacheCircumstances {
  readonly input: CacheInput;
  /** `GITHUB_EVENT_NAME` */
  readonly event: string;
  /** `GITHUB_REF` */
  readonly ref: string;
  /** `RUNNER_ENVIRONMENT` */
  readonly environment: string;
  /** `ACTIONS_CACHE_MODE`: what the run's token may do (`none`, `read`, `write`, `write-only`); anything where it is empty. */
  readonly mode: string;
  /** Whether the runner offers a cache service at all. */
  readonly available: boolean;
}

export interface CachePolicy {
  readonly restore: boolean;
  readonly save: boolean;
  /** Why neither, as a clause. */
  readonly because?: string;
}

/** Events that run with the rights of the default branch on input that others may have prepared. */
const borrowedRights = new Set(["pull_request_target", "workflow_run"]);

/**
 * Whether the archive is restored from the Actions cache and saved to it.
 *
 * `auto` does neither where a poisoned entry would do the most harm, in jobs that make releases or run with borrowed
 * rights: what is restored is verified, but only after the client has unpacked it. Nor does it on self-hosted runners,
 * whose tool cache outlives the job.
 */
export function cachePolicy({
  input,
  event,
  ref,
  environment,
  mode,
  available,
}: CacheCircumstances): CachePolicy {
  const off = (because: string): CachePolicy => ({ restore: false, save: false, because });
  if (input === "false") return off("it is turned off");
  if (!available) return off("this runner has none");
  if (input === "auto") {
    if (environment === "self-hosted") return off("a self-hosted runner keeps its tool cache");
    if (event === "release" || ref.startsWith("refs/tags/")) return off("this job may publish a release");
    if (borrowedRights.has(event)) return off(`${event} runs with borrowed rights`);
  }
  const policy = { restore: !["none", "write-only"].includes(mode), save: !["none", "read"].includes(mode) };
  return policy.restore || policy.save ? policy : off("this run may not use it");
}
