import { refusal } from "../refusals/registry-refusal.ts";
import type { Manifest } from "../spec/artifact.ts";
import { manifestLimit } from "../spec/parse-manifest.ts";
import type { UploadTarget } from "./upload-target.ts";

/**
 * PUTs a manifest (distribution-spec end-7) once, under its digest or a tag.
 *
 * @param onlyNew asks the registry with `If-None-Match: *` not to overwrite anything; few know it, and none objects.
 * @throws RegistryRefusal when the registry refuses it.
 */
export async function putManifest(
  { client, repository, signal }: UploadTarget,
  { descriptor, bytes }: Manifest,
  reference: string,
  options: { readonly onlyNew?: boolean; readonly retry?: "never" } = {},
): Promise<Response> {
  if (bytes.length > manifestLimit) {
    throw new Error(
      `The manifest ${descriptor.digest} has ${bytes.length} bytes, but registries take at most ${manifestLimit}. Publish fewer layers, with \`layers: archive\` of spin-registry-push.`,
    );
  }
  const response = await client.send({
    method: "PUT",
    repository,
    path: `manifests/${reference}`,
    access: "push",
    headers: {
      "content-type": descriptor.mediaType,
      ...(options.onlyNew === true ? { "if-none-match": "*" } : {}),
    },
    body: { content: new Uint8Array(bytes), size: bytes.length },
    signal,
    ...(options.retry === undefined ? {} : { retry: options.retry }),
  });
  if (response.status < 200 || response.status > 299) {
    const separator = reference === descriptor.digest ? { digest: descriptor.digest } : { tag: reference };
    throw await refusal(response, "write", { ...repository, ...separator });
  }
  await response.body?.cancel();
  return response;
}

/** Writes a manifest under its digest. That is its own check: registries refuse bytes with another digest. */
export async function writeChild(target: UploadTarget, manifest: Manifest): Promise<void> {
  const { digest } = manifest.descriptor;
  await putManifest(target, manifest, digest);
  target.client.tell({ kind: "manifest-written", digest });
}
