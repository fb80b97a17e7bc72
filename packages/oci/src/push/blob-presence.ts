import { refusal } from "../refusals/registry-refusal.ts";
import type { Descriptor } from "../spec/image-spec.ts";
import type { Repository } from "../spec/reference.ts";
import { sessionIn } from "./upload-session.ts";
import type { UploadTarget } from "./upload-target.ts";

/**
 * Whether the repository has a blob (distribution-spec end-2). A registry that does not say counts as a no.
 *
 * @param retry `never` if the caller retries the work that this request is part of.
 */
export async function hasBlob(
  { client, repository, signal }: UploadTarget,
  { digest, size }: Descriptor,
  retry?: "never",
): Promise<boolean> {
  const path = `blobs/${digest}`;
  const response = await client.send({
    method: "HEAD",
    repository,
    path,
    access: "push",
    signal,
    ...(retry === undefined ? {} : { retry }),
  });
  if (response.status === 200) {
    const length = response.headers.get("content-length");
    return length === null || Number(length) === size;
  }
  if ([403, 404, 405].includes(response.status)) return false;
  throw await refusal(response, "say whether it has", { ...repository, digest });
}

/** Statuses that registries use for "not mounted", where the specification has only 202. */
const notMounted = [400, 401, 403, 404, 405];

/**
 * Asks the registry to mount a blob from another of its repositories (end-11).
 *
 * @returns `mounted`, or the upload session that was opened instead, or undefined. A mount that fails is not an error: Quay,
 *   Harbor and others refuse what they should only decline (quay/quay#899, goharbor/harbor#17097).
 */
export async function mountBlob(
  { client, repository, signal }: UploadTarget,
  { digest }: Descriptor,
  from: Repository,
): Promise<"mounted" | URL | undefined> {
  const response = await client.send({
    method: "POST",
    repository,
    path: `blobs/uploads/?mount=${encodeURIComponent(digest)}&from=${encodeURIComponent(from.name)}`,
    access: "push",
    alsoPull: from,
    signal,
  });
  if (response.status === 201 || response.status === 202 || notMounted.includes(response.status)) {
    await response.body?.cancel();
    if (response.status === 201) return "mounted";
    return response.status === 202
      ? sessionIn(response, client.url(repository, "blobs/uploads/"))
      : undefined;
  }
  throw await refusal(response, `mount ${digest} in`, repository);
}
