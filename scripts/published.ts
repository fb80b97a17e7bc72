// What a run of the workflow published, and how the output describes it.
import { join } from "node:path";
import { formatBytes } from "@spin-publisher/action-runtime";
import type { JobRun, StepRun } from "@spin-publisher/sandbox";
import { artifactSize } from "./layout-size.ts";
import { secondsText, tableOf } from "./table.ts";

/** An artifact that a step published. */
export interface Published {
  /** `host/repository:tag@digest` */
  readonly reference: string;
  readonly digest: string;
  readonly changed: boolean;
  readonly uploadedBytes: number;
  /** Bytes of everything the reference includes. */
  readonly size: number;
}

/** The artifacts that the steps of a job report as published. */
export async function publishedBy(job: JobRun, registryFolder: string): Promise<readonly Published[]> {
  const published = job.steps.map(async ({ outputs }): Promise<readonly Published[]> => {
    const { reference = "", digest = "", changed, "uploaded-bytes": uploaded } = outputs;
    const [, repository] = /^[^/]+\/(.+):[^/:@]+@/.exec(reference) ?? [];
    if (repository === undefined || digest === "") return [];
    const size = await artifactSize(join(registryFolder, repository), digest);
    return [{ reference, digest, size, changed: changed === "true", uploadedBytes: Number(uploaded) }];
  });
  return (await Promise.all(published)).flat();
}

/** One line of the table that grows while the workflow runs. */
export function stepLine(job: string, { name, outcome, outputs, durationMilliseconds }: StepRun): string {
  const uploaded = outputs["uploaded-bytes"];
  const sent = uploaded === undefined ? "" : formatBytes(Number(uploaded));
  const time = secondsText(durationMilliseconds);
  const mark = outcome === "failure" ? "✗" : "✓";
  // A called workflow's job, without the job that calls it.
  const label = job.replace(/^.*\//, "");
  return `  ${mark} ${label.padEnd(26)}${name.padEnd(28)}${time.padStart(9)}${sent.padStart(12)}`.trimEnd();
}

/**
 * What was published and how to inspect it.
 *
 * @param serve the command that serves it on localhost:5000.
 */
export function describePublished(
  published: readonly Published[],
  serve: string,
  registryFolder: string,
): readonly string[] {
  const rows = published.map(({ reference, changed, size, uploadedBytes }) => [
    reference.replace(/@.*$/, ""),
    formatBytes(size),
    formatBytes(uploadedBytes),
    String(changed),
  ]);
  // Tools take a tag or a digest, not both.
  const local = published.map(({ reference }) => `localhost:5000/${reference.replace(/^[^/]+\/|@.*$/g, "")}`);
  const [, path = "", tag = ""] = /^[^/]+\/(.+):(.+)$/.exec(local[0] ?? "") ?? [];
  return [
    "",
    ...tableOf(["published", "size", "uploaded", "changed"], rows),
    "",
    ...published.map(({ reference }) => reference),
    "",
    `${serve} shows and serves them on http://localhost:5000. Inspect them there in a browser, or with:`,
    `  curl http://localhost:5000/v2/${path}/manifests/${tag}`,
    ...local.map((reference) => `  skopeo inspect --raw --tls-verify=false docker://${reference}`),
    `On disk they are OCI layouts below ${registryFolder}.`,
  ];
}
