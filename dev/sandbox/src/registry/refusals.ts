import { type Reply, refusal, reply } from "./reply.ts";

/** A recorded answer of a registry service that refused a request. */
export interface RecordedRefusal {
  readonly registry:
    | "ghcr.io"
    | "Docker Hub"
    | "Amazon ECR"
    | "Google Artifact Registry"
    | "Azure Container Registry"
    | "Quay"
    | "Artifactory"
    | "Harbor";
  /** What had happened, in a few words; unique within the registry. */
  readonly situation: string;
  /** The request that was refused. */
  readonly request: "token" | "upload" | "manifest" | "read";
  readonly reply: Reply;
  /** Where the answer is on record: an issue, or "none" where it is only documented. */
  readonly evidence: string;
  /** False where the text is on record, but the status is what such an answer usually has. */
  readonly statusRecorded: boolean;
}

const digest = "sha256:09adb5f67d938b7cd354bba834fc6df75f7325fdd67254aa14c4ac2390dc6727";

/** Recorded refusals of registry services that cannot be run locally, to test how they are explained. */
export const recordedRefusals: readonly RecordedRefusal[] = [
  recorded("ghcr.io", "the job's token may not create packages", "upload", "pinchbench/skill#17", [
    403,
    "DENIED",
    "installation not allowed to Create organization package",
  ]),
  recorded("ghcr.io", "the job's token may not write packages", "upload", "macbre/push-to-ghcr#31", [
    403,
    "DENIED",
    "installation not allowed to Write organization package",
  ]),
  recorded("ghcr.io", "the package is not linked to the repository", "upload", "tuna-os/tunaOS#642", [
    403,
    "DENIED",
    "permission_denied: write_package",
  ]),
  recorded("ghcr.io", "the token service denies, now and then", "token", "different-ai/openwork#3886", [
    403,
    "DENIED",
    "denied",
  ]),
  recorded("ghcr.io", "too many requests", "upload", "chainguard-images/images#173", [
    429,
    "TOOMANYREQUESTS",
    "retry-after: 10.305464ms, allowed: 2000/minute",
  ]),
  recorded("ghcr.io", "too many requests, in microseconds", "read", "dependabot/cli#380", [
    429,
    "TOOMANYREQUESTS",
    "retry-after: 880.092µs, allowed: 44000/minute",
  ]),
  recorded("ghcr.io", "the chunk is too large", "upload", "wasmCloud/wash-archive#268", [
    416,
    "REQUESTED_RANGE_NOT_SATISFIABLE",
    "the request body is too large and exceeds the maximum permissible limit of 4.00MiB",
  ]),
  recorded("ghcr.io", "a blob of the manifest is missing", "manifest", "oras-project/rust-oci-client#35", [
    400,
    "MANIFEST_BLOB_UNKNOWN",
    "blob unknown to registry",
    digest,
  ]),
  recorded("ghcr.io", "the upload does not exist any more", "upload", "dotnet/sdk-container-builds#292", [
    404,
    "BLOB_UPLOAD_INVALID",
    "blob upload invalid",
  ]),
  presumed("ghcr.io", "the upload is not known", "upload", "GoogleContainerTools/jib#4301", [
    404,
    "BLOB_UPLOAD_UNKNOWN",
    "blob upload unknown to registry",
  ]),
  presumed("ghcr.io", "a blob is not known right after it came", "manifest", "infobloxopen/konk#626", [
    404,
    "BLOB_UNKNOWN",
    "unknown blob",
  ]),
  recorded("Docker Hub", "the token is not for this repository", "upload", "distribution/distribution#2476", [
    401,
    "UNAUTHORIZED",
    "authentication required",
  ]),
  recorded("Docker Hub", "the tag is immutable", "manifest", "kimai/kimai#5791", [
    403,
    "DENIED",
    "requested access to the resource is denied - This tag is already assigned to an image in this repository and cannot be updated due to immutability settings",
  ]),
  recorded("Docker Hub", "too many pulls", "read", "hystax/optscale#845", [
    429,
    "TOOMANYREQUESTS",
    "You have reached your unauthenticated pull rate limit. https://www.docker.com/increase-rate-limit",
  ]),
  presumed("Amazon ECR", "the repository does not exist", "upload", "aws-actions/amazon-ecr-login#166", [
    404,
    "NAME_UNKNOWN",
    "The repository with name 'site' does not exist in the registry with id '123456789012'",
  ]),
  presumed("Amazon ECR", "the repository is immutable", "manifest", "moby/buildkit#3776", [
    400,
    "TAG_INVALID",
    "The image tag '0.1.2' already exists in the 'site' repository and cannot be overwritten because the repository is immutable.",
  ]),
  presumed("Amazon ECR", "the tag is immutable", "manifest", "osscontainertools/kaniko#204", [
    400,
    "TAG_INVALID",
    "The image tag '0.1.2' already exists in the 'site' repository and cannot be overwritten because the tag is immutable.",
  ]),
  presumed("Google Artifact Registry", "there is no permission, or no repository", "token", "google/ax#140", [
    403,
    "DENIED",
    'Permission "artifactregistry.repositories.uploadArtifacts" denied on resource "projects/site/locations/us/repositories/site" (or it may not exist)',
  ]),
  presumed(
    "Google Artifact Registry",
    "nobody logged in",
    "upload",
    "GoogleCloudPlatform/generative-ai#693",
    [
      401,
      "DENIED",
      'Unauthenticated request. Unauthenticated requests do not have permission "artifactregistry.repositories.uploadArtifacts" on resource "projects/site/locations/us/repositories/site" (or it may not exist)',
    ],
  ),
  presumed("Google Artifact Registry", "a blob has disappeared", "manifest", "cloudfoundry/korifi#2381", [
    400,
    "BLOB_UNKNOWN",
    `Manifest references unknown blob(s): ${digest}`,
  ]),
  presumed("Google Artifact Registry", "the tags are immutable", "manifest", "none", [
    412,
    "FAILED_PRECONDITION",
    "cannot update tag 0.1.2: the repository has enabled immutable tags",
  ]),
  presumed("Azure Container Registry", "the repository is locked", "manifest", "Azure/acr-cli#70", [
    405,
    "REGISTRY_DISALLOWED_OPERATION",
    "The operation is disallowed on this registry, repository or image. View troubleshooting steps at https://aka.ms/acr/faq/#why-does-my-pull-or-push-request-fail-with-disallowed-operation",
    {},
  ]),
  presumed("Azure Container Registry", "the body has no length", "upload", "goharbor/harbor#23016", [
    400,
    "CONTENT_LENGTH_INVALID",
    "content length invalid",
  ]),
  {
    registry: "Azure Container Registry",
    situation: "the body is too large for one request",
    request: "upload",
    reply: reply(413, { "content-type": "text/html" }, page("413 Request Entity Too Large")),
    evidence: "goharbor/harbor#23015",
    statusRecorded: true,
  },
  presumed("Quay", "the tag is immutable", "manifest", "Red Hat PROJQUAY-10859", [
    409,
    "UNKNOWN",
    "tag is immutable and cannot be overwritten",
  ]),
  recorded("Quay", "the repository cannot be read", "read", "podman-container-tools/skopeo#1665", [
    401,
    "UNAUTHORIZED",
    "access to the requested resource is not authorized",
  ]),
  presumed("Quay", "a mount does not say from where", "upload", "quay/quay#899", [
    400,
    "BLOB_UPLOAD_INVALID",
    "blob upload invalid",
  ]),
  recorded(
    "Artifactory",
    "the tag exists and may not be replaced",
    "manifest",
    "GoogleContainerTools/kaniko#1095",
    [403, "MANIFEST_INVALID", "manifest invalid", { description: "HTTP 403 Forbidden" }],
  ),
  recorded("Harbor", "the tag is immutable", "manifest", "goharbor/harbor#9718", [
    412,
    "PRECONDITION",
    "Failed to process request due to 'site:0.1.2' configured as immutable.",
  ]),
  recorded("Harbor", "the project is full", "upload", "goharbor/harbor-cli#96", [
    403,
    "DENIED",
    "adding 29.0 MiB of storage resource, which when updated to current usage of 152.4 MiB will exceed the configured upper limit of 10.0 MiB.",
  ]),
  recorded("Harbor", "a mount's source may not be read", "upload", "goharbor/harbor#17097", [
    401,
    "UNAUTHORIZED",
    "unauthorized to access repository: base/spin, action: pull",
  ]),
];

type Answer = readonly [status: number, code: string, message: string, detail?: unknown];

function recorded(
  registry: RecordedRefusal["registry"],
  situation: string,
  request: RecordedRefusal["request"],
  evidence: string,
  [status, code, message, detail]: Answer,
): RecordedRefusal {
  const reply = refusal(status, code, message, { detail });
  return { registry, situation, request, reply, evidence, statusRecorded: true };
}

function presumed(...parts: Parameters<typeof recorded>): RecordedRefusal {
  return { ...recorded(...parts), statusRecorded: false };
}

function page(title: string): Uint8Array {
  return Buffer.from(`<html><head><title>${title}</title></head><body>${title}</body></html>\n`);
}
