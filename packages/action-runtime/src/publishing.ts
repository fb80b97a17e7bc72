import { info, notice, warning } from "@actions/core";
import { messageOf } from "@spin-publisher/errors";
import {
  createRegistryClient,
  formatReference,
  inspectTarget,
  type PublishPolicy,
  type PublishTarget,
  publish,
  type RegistryClient,
  type RegistryReader,
  type Repository,
  type TargetState,
  writeLayout,
} from "@spin-publisher/oci";
import type { Built } from "./built.ts";
import type { PublishingInputs } from "./publishing-inputs.ts";
import { formatBytes, logEvent, type Report, reportDone } from "./report.ts";
import { createTemporaryFolder } from "./runner-folders.ts";
import { reasonToKeep } from "./tag.ts";

export interface Publication {
  readonly inputs: PublishingInputs;
  /** Its name in the log: content, shim, chart. */
  readonly what: string;
  readonly repository: Repository;
  readonly tag: string;
  /**
   * Makes the artifact, while the target is being read: await `state` where it is needed, not before.
   */
  readonly build: (state: Promise<TargetState>, client: RegistryClient) => Promise<Built>;
}

/**
 * The flow of every publishing action: read the target, build, then publish or, in a dry run, leave an OCI layout on
 * disk; outputs and summary are written at the end, in one place.
 */
export async function runPublishing(publication: Publication): Promise<void> {
  const { inputs, repository, tag } = publication;
  const started = performance.now();
  const target: PublishTarget = { repository, tag, aliases: inputs.aliases };
  info(
    `Publishing ${publication.what} to ${formatReference({ ...repository, tag })}${inputs.dryRun ? " (dry run)" : ""}`,
  );
  const client = createRegistryClient({
    fetch: inputs.fetch,
    credentials: inputs.credentialsFor(repository.registry),
    // Of the target, not of the registries that a base image or content may come from.
    insecure: (registry) => inputs.insecure && registry === repository.registry,
    onEvent: logEvent,
  });
  const state = inspect(client, target, inputs.dryRun);
  state.catch(() => {}); // a builder that fails before it awaits this has the error to show
  const built = await publication.build(state, client);
  const report = inputs.dryRun
    ? await leaveLayout(built, await state, client, inputs)
    : await publishBuilt(built, await state, client, inputs);
  await reportDone(publication.what, report, built, (performance.now() - started) / 1000);
}

async function inspect(client: RegistryClient, target: PublishTarget, dryRun: boolean): Promise<TargetState> {
  try {
    const state = await inspectTarget(client, target);
    info(describeState(state));
    return state;
  } catch (error) {
    if (!dryRun) throw error;
    notice(
      `This dry run is compared with nothing, since the registry could not be read: ${messageOf(error)}`,
    );
    return { target, existing: undefined, aliases: new Map(), previous: undefined };
  }
}

function describeState({ target, existing, aliases }: TargetState): string {
  if (existing !== undefined) return `  the tag exists with ${existing.descriptor.digest}`;
  const [alias] = [...aliases].find(([, manifest]) => manifest !== undefined) ?? [];
  const compared = alias === undefined ? "there is no previous version" : `the previous version is ${alias}`;
  return `  the tag ${target.tag} does not exist yet; ${compared}`;
}

async function publishBuilt(
  { artifact, describeDifference }: Built,
  state: TargetState,
  client: RegistryClient,
  { immutable }: PublishingInputs,
): Promise<Report> {
  const policy: PublishPolicy = {
    immutable,
    ...(describeDifference === undefined ? {} : { describeDifference }),
    keepAlias: (alias, current) =>
      reasonToKeep(
        alias,
        current.document.annotations?.["org.opencontainers.image.version"],
        state.target.tag,
      ),
  };
  const report = await publish(client, artifact, state, policy);
  const { total, uploaded, mounted, present } = report.blobs;
  if (report.changed) {
    info(
      `  ${total} blobs: ${uploaded} uploaded, ${mounted} mounted, ${present} already present; ${formatBytes(report.uploadedBytes)} sent in ${report.requests} requests, ${report.retries} of them retries`,
    );
  }
  return { ...report, layout: "" };
}

async function leaveLayout(
  { artifact }: Built,
  { target, existing }: TargetState,
  reader: RegistryReader,
  { immutable }: PublishingInputs,
): Promise<Report> {
  const { digest } = artifact.root.descriptor;
  const reference = formatReference({ ...target.repository, tag: target.tag, digest });
  if (immutable && existing !== undefined && existing.descriptor.digest !== digest) {
    warning(
      `Publishing this would be refused: the tag ${target.tag} exists with ${existing.descriptor.digest}, and this run made ${digest}.`,
    );
  }
  const layout = await createTemporaryFolder("layout-", "The OCI layout of a dry run");
  await writeLayout(artifact, layout, { tag: target.tag, reader });
  return {
    reference,
    digest,
    tag: target.tag,
    changed: existing?.descriptor.digest !== digest,
    uploadedBytes: 0,
    aliases: [],
    layout,
  };
}
