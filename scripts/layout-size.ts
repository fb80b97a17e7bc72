// How large an artifact is.
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { objectsOf } from "@spin-publisher/json";

interface Described {
  readonly digest: string;
  readonly size: number;
}

/**
 * Bytes of a manifest or index in an OCI layout and of everything it refers to; what several of its images share
 * counts once.
 */
export async function artifactSize(layout: string, root: string): Promise<number> {
  const sizes = new Map<string, number>();
  const visit = async (digest: string): Promise<void> => {
    const bytes = await readFile(join(layout, "blobs", ...digest.split(":")));
    sizes.set(digest, bytes.length);
    const { config, layers, manifests } = Object(JSON.parse(bytes.toString()));
    for (const blob of [config, ...(objectsOf(layers) ?? [])])
      if (isDescribed(blob)) sizes.set(blob.digest, blob.size);
    for (const child of objectsOf(manifests) ?? []) if (isDescribed(child)) await visit(child.digest);
  };
  await visit(root);
  return [...sizes.values()].reduce((total, size) => total + size, 0);
}

function isDescribed(value: unknown): value is Described {
  const { digest, size } = Object(value);
  return typeof digest === "string" && typeof size === "number";
}
