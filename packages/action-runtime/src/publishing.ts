import { info, warning } from "@actions/core";
import { messageOf } from "@spin-publisher/errors";
import { isLoopback } from "@spin-publisher/http";
import {
  createRegistryClient,
  type Digest,
  formatReference,
  inspectTarget,
  type PublishPolicy,
  type PublishTarget,
  publish,
  type RegistryClient,
  type Repository,
  type TargetState,
} from "@spin-publisher/oci";
import { resolveAliases } from "./aliases.ts";
import type { Built } from "./built.ts";
import { reasonsNotLast, whyKept } from "./current-aliases.ts";
import { leaveLayout, nothingToCompare } from "./dry-run.ts";
import { formatBytes } from "./format-bytes.ts";
import { eventLogger } from "./log-event.ts";
import type { Report } from "./occasion.ts";
import { findPromotion, type Promotion } from "./promotion.ts";
import type { PublishingInputs } from "./publishing-inputs.ts";
import { reportDone } from "./report.ts";
import { type Signature, signPublished, verifyCommand } from "./sign-published.ts";
import type { Signing } from "./signing-inputs.ts";
import { slugOf } from "./tag.ts";

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
  /** Outputs of this action for something that is promoted, which `build` does not see. */
  readonly outputsOfPromoted?: (promotion: Promotion) => Readonly<Record<string, string>>;
  /**
   * Shell lines that use what was published, for the job summary.
   *
   * @param address `host/repository@digest`.
   */
  readonly usage: (address: string, options: { readonly plainHttp: boolean }) => string;
}

/**
 * The flow of every publishing action: read the target, build, then publish or, in a dry run, leave an OCI layout on
 * disk; outputs and summary are written at the end, in one place.
 */
export async function runPublishing(publication: Publication): Promise<void> {
  const { inputs, what, repository, tag } = publication;
  const started = performance.now();
  const aliases = resolveAliases(inputs.aliases, inputs.event.pushed, tag);
  const { base } = inputs.event;
  // What merging would change: a dry run moves no alias, so that this one is only read.
  const compared = inputs.dryRun && base !== undefined ? [slugOf(base)] : [];
  const target: PublishTarget = { repository, tag, aliases: [...aliases.names, ...compared] };
  info(
    `Publishing ${what} to ${formatReference({ ...repository, tag })}${inputs.dryRun ? " (dry run)" : ""}`,
  );
  for (const note of aliases.notes) info(`  ${note}`);
  const client = createRegistryClient({
    fetch: inputs.fetch,
    credentials: inputs.credentialsFor(repository.registry),
    // Of the target, not of the registries that a base image or content may come from.
    insecure: (registry) => inputs.insecure && registry === repository.registry,
    onEvent: eventLogger(),
  });
  const state = inspect(client, target, inputs.dryRun);
  state.catch(() => {}); // a builder that fails before it awaits this has the error to show
  const built =
    inputs.promote === "" ? await publication.build(state, client) : await promote(publication, client);
  const { digest } = built.artifact.root.descriptor;
  for (const reason of reasonsNotLast(await state, digest)) warning(reason);
  const [report, signature] = inputs.dryRun
    ? [await leaveLayout(built, await state, client, inputs.immutable)]
    : await publishBuilt(built, await state, client, inputs);
  const usage = inputs.dryRun ? undefined : usageOf(publication, digest, signature); // there is nothing to use
  const seconds = (performance.now() - started) / 1000;
  await reportDone(report, built, { what, repository, event: inputs.event, seconds, usage });
}

/** How to use what was published, and to verify it where it is signed. */
function usageOf(
  { inputs: { insecure }, repository, usage }: Publication,
  digest: Digest,
  signature: Signature | undefined,
): string {
  const isLocal = isLoopback(repository.registry);
  const address = formatReference({ ...repository, digest });
  const lines = usage(address, { plainHttp: insecure || isLocal });
  if (signature === undefined) return lines;
  return `${lines}\n${verifyCommand(address, signature, { insecure: insecure && !isLocal })}`;
}

async function promote(
  { inputs, repository, tag, outputsOfPromoted }: Publication,
  client: RegistryClient,
): Promise<Built> {
  const promotion = await findPromotion(client, repository, inputs.promote, inputs.event.sha);
  info(`  ${tag} is ${promotion.from} as it was built: nothing is built now`);
  return { artifact: promotion.artifact, outputs: outputsOfPromoted?.(promotion) ?? {} };
}

async function inspect(client: RegistryClient, target: PublishTarget, dryRun: boolean): Promise<TargetState> {
  try {
    const state = await inspectTarget(client, target);
    info(describeState(state));
    return state;
  } catch (error) {
    // What was aborted is not worth a word: the builder has failed, and its error is shown.
    if (!dryRun || Object(error).name === "AbortError") throw error;
    return nothingToCompare(error, target);
  }
}

function describeState({ target, existing, aliases }: TargetState): string {
  if (existing !== undefined) return `  the tag exists with ${existing.descriptor.digest}`;
  const [alias] = [...aliases].find(([, manifest]) => manifest !== undefined) ?? [];
  const compared = alias === undefined ? "there is no previous version" : `the previous version is ${alias}`;
  return `  the tag ${target.tag} does not exist yet; ${compared}`;
}

async function publishBuilt(
  built: Built,
  state: TargetState,
  client: RegistryClient,
  inputs: PublishingInputs,
): Promise<readonly [Report, Signature | undefined]> {
  const { artifact, describeDifference, unaskedBytes } = built;
  const { immutable, signing } = inputs;
  let signature: Signature | undefined;
  const sign = async (by: Signing) => {
    signature = await signBuilt(built, state.target, by, client, inputs);
  };
  const policy: PublishPolicy = {
    immutable,
    ...(describeDifference === undefined ? {} : { describeDifference }),
    ...(unaskedBytes === undefined ? {} : { unaskedBytes }),
    ...(signing === undefined ? {} : { beforeAliases: () => sign(signing) }),
    keepAlias: (alias, current) => whyKept(alias, current, state.target, client),
  };
  const report = await publish(client, artifact, state, policy);
  const { total, uploaded, mounted, present } = report.blobs;
  if (report.changed) {
    info(
      `  ${total} blobs: ${uploaded} uploaded, ${mounted} mounted, ${present} already present; ${formatBytes(report.uploadedBytes)} sent in ${report.requests} requests, ${report.retries} of them retries`,
    );
  }
  return [{ ...report, layout: "", signature: signature?.digest ?? "" }, signature];
}

/** @throws Error saying that it is published, and how to sign it later. */
async function signBuilt(
  { artifact: { root }, materials = [] }: Built,
  { repository, tag }: PublishTarget,
  signing: Signing,
  client: RegistryClient,
  { fetch, event: { serverUrl }, promote }: PublishingInputs,
): Promise<Signature | undefined> {
  const isBuiltHere = promote === "";
  const published = { root, repository, serverUrl, materials: isBuiltHere ? materials : undefined };
  try {
    return await signPublished(published, signing, client, fetch);
  } catch (cause) {
    const reference = formatReference({ ...repository, tag, digest: root.descriptor.digest });
    throw new Error(
      `${reference} is published, but it is not signed, and no alias was moved. ${messageOf(cause)} Run the job again to sign it; what is published stays as it is. To publish without a signature, set sign: false.`,
      { cause },
    );
  }
}
