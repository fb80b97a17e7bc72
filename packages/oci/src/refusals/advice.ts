import type { ExhaustedRetries } from "@spin-publisher/http";
import type { SentCredentials } from "./sent-credentials.ts";

/** A registry's response that refuses a request. */
export interface Refused {
  /** Host and port. */
  readonly registry: string;
  /** Without the host. */
  readonly repository: string;
  readonly status: number;
  /** distribution-spec §Error Codes, and those that registries add. */
  readonly codes: readonly string[];
  /** The response body. */
  readonly text: string;
  /** Which credentials were refused; undefined if that is not known. */
  readonly credentials?: SentCredentials | undefined;
  /** The retries that preceded the refusal. */
  readonly exhausted?: ExhaustedRetries | undefined;
}

interface Rule {
  readonly registry?: RegExp;
  readonly statuses?: readonly number[];
  readonly codes?: readonly string[];
  readonly text?: RegExp;
  readonly advice: string | ((refused: Refused) => string);
}

const github = /^(?:ghcr\.io|containers\.)/;
const ecr = /\.ecr\.[a-z0-9-]+\.amazonaws\.com|^public\.ecr\.aws$/;
const artifactRegistry = /(?:-docker\.pkg\.dev|^gcr\.io|\.gcr\.io)$/;
const azure = /\.azurecr\.(?:io|cn|us)$/;
const dockerHub = /^docker\.io$/;

const artifactoryAdvice =
  "Artifactory gives this answer if the tag exists and the user may add but not overwrite: publish under a new tag, or give the user that permission.";

const unknownLengthAdvice =
  "A proxy removes the length of the body: configure it to pass on Content-Length instead of using chunked encoding.";

/** How long was waited for a registry that limits requests, and for how much longer it asks. */
function limitAdvice({ exhausted }: Refused): string {
  const seconds = (milliseconds: number) => `${(milliseconds / 1000).toFixed(1)} s`;
  const waited =
    exhausted === undefined || exhausted.waitedMilliseconds === 0
      ? "The registry limits requests"
      : `The registry limits requests, and waiting ${seconds(exhausted.waitedMilliseconds)} in ${exhausted.attempts} attempts did not help`;
  const asked = exhausted?.failure.retryAfterMilliseconds ?? 0;
  const longer =
    asked < 60_000 ? "" : `; it asks for another ${seconds(asked)}, longer than a job should wait`;
  return `${waited}${longer}. Run the job again later, and run fewer jobs at once.`;
}

/** Whose credentials were refused, or why none were sent, as a sentence; empty if that is not known. */
export function aboutCredentials({ registry, credentials }: Refused): string {
  if (credentials?.kind === "user") return `The credentials of "${credentials.name}" were refused. `;
  if (credentials?.kind !== "none") return "";
  const because = credentials.because === undefined ? "" : `: ${credentials.because}`;
  return `No credentials were sent to ${registry}${because}. `;
}

/** Advice about refused credentials, which would mislead if none were sent. */
function unlessAnonymous(advice: string | ((refused: Refused) => string)): (refused: Refused) => string {
  return (refused) => {
    const { registry, credentials } = refused;
    const login = `Set registry-username and registry-password, or log in to ${registry} in an earlier step.`;
    const otherwise = () => (typeof advice === "string" ? advice : advice(refused));
    return aboutCredentials(refused) + (credentials?.kind === "none" ? login : otherwise());
  };
}

const unknownAdvice =
  "This answer is not a known one: check the host and the repository name, whether a proxy answered instead, and the registry's log.";

/**
 * Known refusals, the most specific first: the cause and what to do. A rule applies if all of its conditions do. The answers
 * are those that users have reported; none of them is specified.
 */
const rules: readonly Rule[] = [
  {
    registry: dockerHub,
    text: /pull rate limit/i,
    advice: "Docker Hub limits anonymous pulls per IP address: log in, or read the image from a mirror.",
  },
  { statuses: [429], advice: limitAdvice },
  { statuses: [400, 403], text: /rate limit|toomanyrequests/i, advice: limitAdvice },
  {
    text: /too many layers|\b(?:number|count|limit|maximum|max)\W(?:(?!size)\w+\W){0,4}layers|\blayers\W(?:(?!size)\w+\W){0,4}(?:exceed|limit|maximum)/i,
    advice:
      "The registry takes fewer layers: publish the files of a component as one archive (`layers: archive` of spin-registry-push).",
  },
  // github.com/docker/build-push-action/issues/806, actions/runner#1039, bachp/git-mirror#516
  {
    registry: github,
    text: /installation not allowed to (?:create|write) organization package/i,
    advice: unlessAnonymous(
      "The job's token may not write packages: give the job `permissions: packages: write`, and allow members to create packages in the organization's package settings.",
    ),
  },
  {
    registry: github,
    text: /permission_denied: write_package/i,
    advice: unlessAnonymous(
      'Either the job lacks `permissions: packages: write`, or the package exists but is not linked to this repository: in the package\'s settings, under "Manage Actions access", add this repository with the Write role.',
    ),
  },
  {
    registry: github,
    text: /permission_denied: create_package|permission_denied: the requested installation/i,
    advice: unlessAnonymous(
      "The token may not create packages for this owner: publish under the owner of this repository, or use a classic token of a member with the scope write:packages.",
    ),
  },
  {
    registry: github,
    text: /permission_denied: read_package/i,
    advice:
      'The package is private: make it public in its settings, or add this repository with the Read role under "Manage Actions access".',
  },
  {
    registry: github,
    text: /does not match expected scopes|insufficient[_ ]scope/i,
    statuses: [401, 403],
    advice: unlessAnonymous(
      "The token lacks a scope: a classic token needs write:packages, the job's token needs `permissions: packages: write`.",
    ),
  },
  {
    registry: github,
    text: /cannot be authenticated with the token/i,
    advice: unlessAnonymous(
      "GitHub does not accept this token: use the job's token, a classic personal access token or the token of a GitHub App, and check that it has not expired.",
    ),
  },
  {
    registry: github,
    statuses: [401, 403],
    advice: unlessAnonymous(
      ({ repository }) =>
        `Check that the job has \`permissions: packages: write\`, that it may publish for ${owner(repository)}, and that the package, if it exists, gives this repository the Write role under "Manage Actions access". Credentials from inputs or a login in an earlier step may also be wrong or expired.`,
    ),
  },
  {
    registry: ecr,
    codes: ["NAME_UNKNOWN"],
    advice: ({ repository }) =>
      `ECR does not create repositories automatically: run \`aws ecr create-repository --repository-name ${repository}\`, or set up a repository creation template.`,
  },
  {
    registry: ecr,
    text: /authorization token has expired|no basic auth credentials|not authorized/i,
    advice:
      "ECR passwords expire after twelve hours: log in again in this job (user AWS, `aws ecr get-login-password`) with a role that may write to the repository.",
  },
  {
    registry: artifactRegistry,
    text: /unauthenticated request/i,
    advice:
      "The request was anonymous: log in with google-github-actions/auth and docker/login-action in an earlier step.",
  },
  {
    registry: artifactRegistry,
    text: /artifactregistry\.repositories\.(?:upload|download)Artifacts/i,
    advice:
      "Either the repository does not exist (create it with `gcloud artifacts repositories create --repository-format=docker`), or the account lacks the role Artifact Registry Writer on it.",
  },
  {
    registry: artifactRegistry,
    statuses: [404],
    advice:
      "The repository must exist: create it with `gcloud artifacts repositories create --repository-format=docker`. References have the form REGION-docker.pkg.dev/PROJECT/REPOSITORY/IMAGE.",
  },
  {
    registry: azure,
    text: /operation is disallowed/i,
    advice:
      "The repository or artifact is locked: unlock it with `az acr repository update --write-enabled true`.",
  },
  {
    registry: azure,
    text: /is not allowed access|firewall/i,
    advice:
      "The registry's firewall blocks this machine: allow its address, or use a runner inside the network.",
  },
  {
    registry: dockerHub,
    statuses: [401, 403],
    advice: unlessAnonymous(
      ({ repository }) =>
        `Check that the access token may write (not only read), and that it belongs to ${owner(repository)} or a member. The user name or the token may also be wrong or expired.`,
    ),
  },
  {
    text: /quota|exceed the configured upper limit|insufficient storage|no space left|disk full/i,
    advice: "The storage is full: delete old versions in the registry, or raise the quota.",
  },
  {
    statuses: [507],
    advice: "The storage is full: delete old versions in the registry, or raise the quota.",
  },
  {
    text: /project [^ ]* ?not found|project .*does not exist/i,
    advice:
      "The project (the first part of the repository) must exist: create it in the registry, or correct the name.",
  },
  {
    text: /not enough permissions to (?:delete|overwrite)/i,
    advice: artifactoryAdvice,
  },
  {
    codes: ["MANIFEST_INVALID"],
    statuses: [403],
    advice: artifactoryAdvice,
  },
  {
    text: /read[- ]only/i,
    advice:
      "The registry is read-only, either for maintenance or because it is a mirror: publish later, or to another registry.",
  },
  {
    codes: ["NAME_INVALID"],
    advice: ({ repository }) =>
      `The registry does not accept the name ${repository}: names must be lower-case, and some registries require a certain number of parts.`,
  },
  {
    codes: ["NAME_UNKNOWN"],
    advice:
      "The repository does not exist, and this registry does not create repositories automatically: create it first.",
  },
  {
    codes: ["DIGEST_INVALID", "SIZE_INVALID"],
    advice:
      "The content was changed in transit: run the job again, and check for a proxy in front of the registry.",
  },
  {
    codes: ["BLOB_UPLOAD_UNKNOWN", "BLOB_UPLOAD_INVALID"],
    advice:
      "The registry refused an upload that it had opened itself: check its log, its storage, and that it knows its own external address.",
  },
  {
    codes: ["MANIFEST_INVALID"],
    advice:
      "The registry does not accept this kind of artifact: it must support OCI 1.1 artifacts (Quay: FEATURE_GENERAL_OCI_SUPPORT).",
  },
  {
    statuses: [413],
    advice:
      "The body is too large for the registry or a proxy in front of it: raise the limit there (nginx: client_max_body_size).",
  },
  {
    statuses: [415],
    advice:
      "The registry does not accept this media type: it must accept OCI manifests (zot accepts Docker's only in compatibility mode).",
  },
  { codes: ["CONTENT_LENGTH_INVALID"], advice: unknownLengthAdvice },
  {
    statuses: [411],
    advice: unknownLengthAdvice,
  },
  {
    statuses: [405],
    advice:
      "The registry does not support this request: it may be read-only, a mirror, or not a registry at all.",
  },
  {
    statuses: [401],
    advice: unlessAnonymous(
      "They are wrong or expired: set registry-username and registry-password, or log in to the registry in an earlier step.",
    ),
  },
  {
    statuses: [403],
    advice: unlessAnonymous("Give the user write access to this repository, or use other credentials."),
  },
  {
    statuses: [301, 302, 303, 307, 308],
    advice: "The registry does not take writes at this address: use the address that it redirects to.",
  },
  {
    statuses: [500, 502, 503, 504, 520, 521, 522, 523, 524],
    advice:
      "The registry has a problem that several attempts did not outlast: check its status page, and run the job again.",
  },
  {
    statuses: [404],
    text: /<html|^(?!\s*\{)/i,
    advice: "There is no registry at this address: check the host, and whether it needs `insecure: true`.",
  },
];

/** The cause of a refusal and what to do about it, in one or two sentences; what to check if the refusal is not known. */
export function adviceFor(refused: Refused): string {
  const rule = rules.find(
    ({ registry, statuses, codes, text }) =>
      (registry === undefined || registry.test(refused.registry)) &&
      (statuses === undefined || statuses.includes(refused.status)) &&
      (codes === undefined || codes.some((code) => refused.codes.includes(code))) &&
      (text === undefined || text.test(refused.text)),
  );
  const advice = rule?.advice ?? unknownAdvice;
  return typeof advice === "function" ? advice(refused) : advice;
}

function owner(repository: string): string {
  return repository.split("/")[0] ?? repository;
}
