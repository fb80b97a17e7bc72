/** A registry's answer that was not wanted. */
export interface Refused {
  /** Host and port. */
  readonly registry: string;
  /** Without the host. */
  readonly repository: string;
  readonly status: number;
  /** distribution-spec §Error Codes, and those that registries add. */
  readonly codes: readonly string[];
  /** All that it said. */
  readonly text: string;
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
  "Artifactory answers so where the tag exists and this user may add, but not overwrite: publish under a new tag, or give the user that permission.";

const unknownLengthAdvice =
  "A proxy on the way takes the length from the body: let it pass Content-Length on instead of chunked encoding.";

const unknownAdvice =
  "Such an answer is not known here: check the host and the repository's name, whether a proxy in between answers instead, and the registry's own log or support.";

/**
 * Known refusals, the most particular first: what stands behind the answer, and what to do. Where several conditions are
 * given, all must hold. The answers are those that users have reported; none of them is specified.
 */
const rules: readonly Rule[] = [
  // github.com/docker/build-push-action/issues/806, actions/runner#1039, bachp/git-mirror#516
  {
    registry: github,
    text: /installation not allowed to (?:create|write) organization package/i,
    advice:
      "The job's token may not write packages: give the job `permissions: packages: write`, and let members create packages in the organization's package settings.",
  },
  {
    registry: github,
    text: /permission_denied: write_package/i,
    advice:
      'Either the job lacks `permissions: packages: write`, or the package exists and is not linked to this repository: in the package\'s settings, under "Manage Actions access", add this repository with the role Write.',
  },
  {
    registry: github,
    text: /permission_denied: create_package|permission_denied: the requested installation/i,
    advice:
      "The token may not create packages for this owner: publish below the repository's own owner, or use a classic token of a member with the scope write:packages.",
  },
  {
    registry: github,
    text: /permission_denied: read_package/i,
    advice:
      'The package is private: make it public in its settings, or add this repository under "Manage Actions access" with the role Read.',
  },
  {
    registry: github,
    text: /does not match expected scopes|insufficient[_ ]scope/i,
    statuses: [401, 403],
    advice: "The token lacks a scope: a classic token needs write:packages, the job's own `packages: write`.",
  },
  {
    registry: github,
    text: /cannot be authenticated with the token/i,
    advice:
      "GitHub does not know this token: only the job's own, classic personal ones and those of GitHub Apps work here, and only until they expire.",
  },
  {
    registry: github,
    statuses: [401, 403],
    advice: ({ repository }) =>
      `Check that the job has \`permissions: packages: write\`, that ${owner(repository)} is the owner who may publish, and that the package, if it exists, gives this repository the role Write under "Manage Actions access"; a user name and password that were given, as inputs or by a login in an earlier step, may also be wrong or expired.`,
  },
  {
    registry: ecr,
    codes: ["NAME_UNKNOWN"],
    advice: ({ repository }) =>
      `ECR does not create repositories by itself: run \`aws ecr create-repository --repository-name ${repository}\`, or set up a repository creation template.`,
  },
  {
    registry: ecr,
    text: /authorization token has expired|no basic auth credentials|not authorized/i,
    advice:
      "ECR's password is good for twelve hours: log in again in this job (user AWS, `aws ecr get-login-password`), with a role that may write to the repository.",
  },
  {
    registry: artifactRegistry,
    text: /unauthenticated request/i,
    advice:
      "Nobody is logged in: log in with google-github-actions/auth and docker/login-action in an earlier step.",
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
      "The repository has to exist: create it with `gcloud artifacts repositories create --repository-format=docker`; references look like REGION-docker.pkg.dev/PROJECT/REPOSITORY/IMAGE.",
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
      "The registry's firewall does not let this machine in: add its address, or use a runner inside the network.",
  },
  {
    registry: dockerHub,
    text: /pull rate limit/i,
    advice: "Docker Hub counts pulls of anonymous users by address: log in, or read the image from a mirror.",
  },
  {
    registry: dockerHub,
    statuses: [401, 403],
    advice: ({ repository }) =>
      `Check that the access token may write (not only read), and that it belongs to ${owner(repository)} or a member; the user name or the token may also be wrong or expired.`,
  },
  {
    text: /quota|exceed the configured upper limit|insufficient storage|no space left|disk full/i,
    advice: "The storage is used up: delete old versions there, or raise the quota.",
  },
  { statuses: [507], advice: "The storage is used up: delete old versions there, or raise the quota." },
  {
    text: /project [^ ]* ?not found|project .*does not exist/i,
    advice:
      "The project (the first part of the repository) has to exist: create it there, or correct the name.",
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
      "The registry takes no writes at the moment (maintenance) or at all (a mirror): publish elsewhere, or later.",
  },
  {
    codes: ["NAME_INVALID"],
    advice: ({ repository }) =>
      `The registry does not accept the name ${repository}: names are lower-case, and some registries want a certain number of parts.`,
  },
  {
    codes: ["NAME_UNKNOWN"],
    advice:
      "The repository does not exist, and this registry does not create it by itself: create it there first.",
  },
  {
    codes: ["DIGEST_INVALID", "SIZE_INVALID"],
    advice:
      "Something on the way changes the bytes: try again, and look for a proxy between here and the registry.",
  },
  {
    codes: ["BLOB_UPLOAD_UNKNOWN", "BLOB_UPLOAD_INVALID"],
    advice:
      "The registry forgets uploads that it opened: behind a load balancer its instances need a common storage and secret.",
  },
  {
    codes: ["MANIFEST_INVALID"],
    advice:
      "The registry does not accept this kind of artifact: it has to know OCI 1.1 artifacts (Quay: FEATURE_GENERAL_OCI_SUPPORT).",
  },
  {
    statuses: [413],
    advice:
      "The body is too large for it or for a proxy before it: raise the limit there (nginx: client_max_body_size).",
  },
  {
    statuses: [415],
    advice:
      "The registry does not take this media type: it has to accept OCI manifests (zot takes Docker's only in compatibility mode).",
  },
  { codes: ["CONTENT_LENGTH_INVALID"], advice: unknownLengthAdvice },
  {
    statuses: [411],
    advice: unknownLengthAdvice,
  },
  {
    statuses: [405],
    advice: "The registry knows no such request: it may be read-only, a mirror, or no registry at all.",
  },
  {
    statuses: [401],
    advice:
      "It wants other credentials, since those that were given, if any, are wrong or expired: set registry-username and registry-password, or log in to it in an earlier step.",
  },
  {
    statuses: [403],
    advice:
      "These credentials may not do that: give the user the right to write to this repository, or give other credentials if they are wrong or expired.",
  },
  {
    statuses: [429],
    advice:
      "It asked for patience longer than a job should wait: run it again later, and with fewer jobs at once.",
  },
  {
    statuses: [500, 502, 503, 504, 520, 521, 522, 523, 524],
    advice:
      "The registry is in trouble, and was asked several times: look at its status page, and run the job again.",
  },
  {
    statuses: [404],
    text: /<html|^(?!\s*\{)/i,
    advice:
      "Nothing there speaks the registry protocol: check the host, and whether it wants `insecure: true`.",
  },
];

/** The cause of a refusal and what to do about it, one or two sentences; what to look at where nothing is known of it. */
export function wayOut(refused: Refused): string {
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
