/** The input `cache`. */
export type CacheInput = "auto" | "true" | "false";

/** What decides about the use of the Actions cache. */
export interface CacheCircumstances {
  readonly input: CacheInput;
  /** `GITHUB_EVENT_NAME` */
  readonly event: string;
  /** `GITHUB_REF` */
  readonly ref: string;
  /** `RUNNER_ENVIRONMENT` */
  readonly environment: string;
  /** `ACTIONS_CACHE_MODE`: what the run's token may do (`none`, `read`, `write`, `write-only`); empty is anything. */
  readonly mode: string;
  /** Whether the runner offers a cache service at all. */
  readonly available: boolean;
}

export interface CachePolicy {
  readonly restore: boolean;
  readonly save: boolean;
  /** Why it does neither, as a clause. */
  readonly because?: string;
}

/** Events that run with the rights of the default branch on what others may have prepared. */
const borrowedRights = new Set(["pull_request_target", "workflow_run"]);

/**
 * Whether the archive is looked for in the Actions cache and kept there.
 *
 * `auto` leaves it alone where a poisoned entry would do the most harm, in jobs that make releases or run with
 * borrowed rights: what is restored is verified, but it is unpacked by then. And it does on self-hosted runners,
 * whose tool cache outlives the job anyway.
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
  if (input === "false") return off("it is switched off");
  if (!available) return off("this runner offers none");
  if (input === "auto") {
    if (environment === "self-hosted") return off("a self-hosted runner keeps its tool cache");
    if (event === "release" || ref.startsWith("refs/tags/")) return off("this job may make a release");
    if (borrowedRights.has(event)) return off(`${event} runs with borrowed rights`);
  }
  const policy = { restore: !["none", "write-only"].includes(mode), save: !["none", "read"].includes(mode) };
  return policy.restore || policy.save ? policy : off("this run may not use it");
}
