import { stat } from "node:fs/promises";
import { join } from "node:path";
import { type Digest, parseReference, type Reference, type Repository } from "@spin-publisher/oci";
import { requireNoScheme } from "../spec/scheme.ts";

/** What the input `content` names. */
export type RequestedContent =
  | { readonly kind: "registry"; readonly reference: ContentReference }
  | {
      readonly kind: "layout";
      readonly folder: string;
      /** Where the content is going to be published: a layout does not say. */
      readonly repository: Repository;
    };

/** A reference that always names the same bytes. */
export type ContentReference = Reference & { readonly digest: Digest };

/**
 * @param image repository of the shim: content is published below it, at `<image>/content`.
 * @throws Error when `text` is neither a reference with a digest nor a folder with an OCI layout.
 */
export async function parseContent(text: string, image: Repository): Promise<RequestedContent> {
  if (await exists(join(text, "oci-layout"))) {
    return { kind: "layout", folder: text, repository: { ...image, name: `${image.name}/content` } };
  }
  if (await exists(text)) {
    throw new Error(
      `Input "content" must be a reference or a folder with an OCI layout, but "${text}" has no file "oci-layout"; pass the output "reference" or "layout" of spin-registry-push.`,
    );
  }
  requireNoScheme("content", text);
  let reference: Reference;
  try {
    reference = parseReference(text);
  } catch (cause) {
    throw new Error(
      `Input "content" must be a reference such as ghcr.io/owner/site/content:0.1.2@sha256:… or a folder with an OCI layout, but it is "${text}".`,
      { cause },
    );
  }
  const { digest } = reference;
  if (digest === undefined) {
    throw new Error(
      `Input "content" must end in the digest of the content to run, but it is "${text}"; pass the output "reference" of spin-registry-push.`,
    );
  }
  return { kind: "registry", reference: { ...reference, digest } };
}

async function exists(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch {
    return false;
  }
}
