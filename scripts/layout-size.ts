// How large an artifact is.
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { errorCode } from "@spin-publisher/errors";
import { objectsOf } from "@spin-publisher/json";

interface Described {
  readonly digest: string;
  readonly size: number;
}

/**
 * Bytes of a manifest or index in an OCI layout and of everything it refers to; what several of its images share
 * counts once. Images of an index that the layout does not have count with their manifest only.
 *
 * @throws Error when the layout does not have the manifest itself.
 */
export async function artifactSize(layout: string, root: string): Promise<number> {
  const sizes = new Map<string, number>();
  const visit = async (digest: string): Promise<void> => {
    const bytes = await readFile(join(layout, "blobs", ...digest.split(":")));
    sizes.set(digest, bytes.length);
    const { config, layers, manifests } = Object(JSON.parse(bytes.toString()));
    for (const blob of [config, ...(objectsOf(layers) ?? [])])
      if (isDescribed(blob)) sizes.set(blob.digest, blob.size);
    for (const child of objectsOf(manifests) ?? []) {
      if (!isDescribed(child)) continue;
      sizes.set(child.digest, child.size); // a copy of an index need not have all its images
      await visit(child.digest).catch(ignoreMissing);
    }
  };
  await visit(root);
  return [...sizes.values()].reduce((total, size) => total + size, 0);
}

function ignoreMissing(error: unknown): void {
  if (errorCode(error) !== "ENOENT") throw error;
}

function isDescribed(value: unknown): value is Described {
  const { digest, size } = Object(value);
  return typeof digest === "string" && typeof size === "number";
}
