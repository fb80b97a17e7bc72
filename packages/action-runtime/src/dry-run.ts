import { notice, warning } from "@actions/core";
import { messageOf } from "@spin-publisher/errors";
import { formatReference, type RegistryReader, type TargetState, writeLayout } from "@spin-publisher/oci";
import type { Built } from "./built.ts";
import type { Report } from "./occasion.ts";
import { createTemporaryFolder } from "./runner-folders.ts";

/**
 * Ends a dry run: an OCI layout on disk in place of a publication, and a warning where publishing would be refused.
 *
 * @param immutable whether the tag may not be moved.
 */
export async function leaveLayout(
  built: Built,
  state: TargetState,
  reader: RegistryReader,
  immutable: boolean,
): Promise<Report> {
  const { artifact } = built;
  const { target, existing } = state;
  const { digest } = artifact.root.descriptor;
  const refusal = immutable ? await reasonForRefusal(built, state) : undefined;
  if (refusal !== undefined) warning(`Publishing this would be refused: ${refusal}`);
  const layout = await createTemporaryFolder("layout-", "The OCI layout of a dry run");
  await writeLayout(artifact, layout, { tag: target.tag, reader });
  return {
    reference: formatReference({ ...target.repository, tag: target.tag, digest }),
    digest,
    tag: target.tag,
    changed: existing?.descriptor.digest !== digest,
    uploadedBytes: 0,
    aliases: [],
    signature: "",
    layout,
    ...(refusal === undefined ? {} : { refusal }),
  };
}

/** What a publication that moves an existing tag would be told; undefined where it moves none. */
async function reasonForRefusal(
  { artifact, describeDifference }: Built,
  { target, existing }: TargetState,
): Promise<string | undefined> {
  const { digest } = artifact.root.descriptor;
  if (existing === undefined || existing.descriptor.digest === digest) return undefined;
  // A description that fails must not hide the refusal.
  const differences = (await describeDifference?.(existing).catch(() => [])) ?? [];
  const tag = formatReference({ ...target.repository, tag: target.tag });
  return [
    `${tag} already points at ${existing.descriptor.digest}, and this run made ${digest}.`,
    ...(differences.length === 0 ? [] : ["What differs:", ...differences.map((line) => `  - ${line}`)]),
    "Publish under a new tag, or set immutable: false to move this one.",
  ].join("\n");
}

/** A dry run whose registry cannot be read is compared with nothing. */
export function nothingToCompare(error: unknown, target: TargetState["target"]): TargetState {
  notice(`This dry run is compared with nothing, since the registry could not be read: ${messageOf(error)}`);
  return { target, existing: undefined, aliases: new Map(), previous: undefined };
}
