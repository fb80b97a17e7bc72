// How much a registry holds for one digest.
import { readFile } from "node:fs/promises";
import { join } from "node:path";

interface Described {
  readonly digest: string;
  readonly size: number;
}

/**
 * Bytes of everything that a manifest or index of an OCI layout stands for, itself included; what several of its
 * images share counts once.
 */
export async function artifactSize(layout: string, root: string): Promise<number> {
  const sizes = new Map<string, number>();
  const visit = async (digest: string): Promise<void> => {
    const bytes = await readFile(join(layout, "blobs", ...digest.split(":")));
    sizes.set(digest, bytes.length);
    const { config, layers, manifests } = Object(JSON.parse(bytes.toString()));
    for (const blob of [config, ...listOf(layers)].filter(isDescribed)) sizes.set(blob.digest, blob.size);
    for (const child of listOf(manifests).filter(isDescribed)) await visit(child.digest);
  };
  await visit(root);
  return [...sizes.values()].reduce((total, size) => total + size, 0);
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function isDescribed(value: unknown): value is Described {
  const { digest, size } = Object(value);
  return typeof digest === "string" && typeof size === "number";
}
