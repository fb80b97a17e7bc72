import { readFile, stat } from "node:fs/promises";
import type { Digest } from "@spin-publisher/oci";
import type { Content } from "../files/content.ts";
import { ManifestError } from "../manifest/error.ts";
import type { Component } from "../manifest/model.ts";
import { reasonAgainstLoading } from "../wasm/loadable.ts";
import { nameOfSource } from "./resolve.ts";

/** In bytes; larger binaries are published unchecked, since they would have to be in memory as a whole. */
const largestChecked = 64 << 20;

/**
 * Refuses what Spin would refuse when it loads the application. Only new content is checked: what a known version
 * already has was checked when it was published, and what the registry has need not even be on this disk.
 *
 * @param isPublished whether a version of the application that is known has a layer with this digest.
 * @throws ManifestError on the line of the component's source.
 */
export async function requireLoadable(
  { id, source }: Component,
  content: Content,
  isPublished: (digest: Digest) => Promise<boolean>,
): Promise<void> {
  if (content.source.kind !== "file" || (await isPublished(content.digest))) return;
  const { path } = content.source;
  if ((await stat(path)).size > largestChecked) return;
  const reason = await reasonAgainstLoading(await readFile(path));
  if (reason === undefined) return;
  throw new ManifestError(
    source.line,
    `component "${id}" cannot be published: its source ${nameOfSource(source)} ${reason}`,
  );
}
