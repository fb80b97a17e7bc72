import type { Digest } from "@spin-publisher/oci";

/** Something that an artifact was built from: a URI, and its digest where it has one. */
export interface Material {
  readonly uri: string;
  readonly digest?: Digest;
}

/** The workflow run that built something, from the claims of its ID token. */
export interface BuildRun {
  /** `https://github.com` */
  readonly serverUrl: string;
  /** `owner/name` */
  readonly repository: string;
  readonly repositoryId: string;
  readonly ownerId: string;
  /** `refs/heads/main` */
  readonly ref: string;
  readonly sha: string;
  readonly eventName: string;
  /** The workflow that was started: `.github/workflows/release.yaml`. */
  readonly workflowPath: string;
  /** The ref that it was started from. */
  readonly workflowRef: string;
  /** The workflow whose job this is, which may be a called one: `owner/name/path@ref`. */
  readonly jobWorkflowRef: string;
  readonly runnerEnvironment: string;
  readonly runId: string;
  readonly runAttempt: string;
}

/**
 * A SLSA v1 provenance predicate with the build type and the fields of `actions/attest`, so that policies written for that
 * one apply, and with what the artifact was built from among its dependencies.
 */
export function provenanceOf(run: BuildRun, materials: readonly Material[]): object {
  const repository = `${run.serverUrl}/${run.repository}`;
  return {
    buildDefinition: {
      buildType: "https://actions.github.io/buildtypes/workflow/v1",
      externalParameters: {
        workflow: { ref: run.workflowRef, repository, path: run.workflowPath },
      },
      internalParameters: {
        github: {
          event_name: run.eventName,
          repository_id: run.repositoryId,
          repository_owner_id: run.ownerId,
          runner_environment: run.runnerEnvironment,
        },
      },
      resolvedDependencies: [
        { uri: `git+${repository}@${run.ref}`, digest: { gitCommit: run.sha } },
        ...materials.map(({ uri, digest }) => ({ uri, ...digestOf(digest) })),
      ],
    },
    runDetails: {
      builder: { id: `${run.serverUrl}/${run.jobWorkflowRef}` },
      metadata: {
        invocationId: `${repository}/actions/runs/${run.runId}/attempts/${run.runAttempt}`,
      },
    },
  };
}

function digestOf(digest: Digest | undefined): { readonly digest?: Readonly<Record<string, string>> } {
  if (digest === undefined) return {};
  const [algorithm = "", hex = ""] = digest.split(":");
  return { digest: { [algorithm]: hex } };
}
