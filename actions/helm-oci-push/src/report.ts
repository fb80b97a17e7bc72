import { formatReference, type Repository } from "@spin-publisher/oci";
import type { PackedChart } from "./artifact/pack-chart.ts";

/** What to say about a chart whose name ends the input `repository`, although it is appended to it. */
export function nameTwice(repository: string, name: string): string {
  return `The chart is published as ${repository}/${name}, because its name is appended to the input "repository"; leave "/${name}" out of it unless that is meant.`;
}

/** Markdown for the job summary: the size of the package, and the dependencies in it. */
export function summarise({ resolved, files, archive }: PackedChart): string {
  const size = `${files.length} files, ${archive.length} bytes packed.`;
  if (resolved.length === 0) return size;
  const rows = resolved.map(({ name, version, from }) => `| ${name} | ${version} | \`${from}\` |`);
  return [size, "", "| Dependency | Version | Source |", "| --- | --- | --- |", ...rows].join("\n");
}

/** How to install what was published, for the job summary: Helm wants the version, not a digest. */
export function usage(
  repository: Repository,
  { name, version }: { readonly name: string; readonly version: string },
  { plainHttp }: { readonly plainHttp: boolean },
): string {
  const chart = `oci://${formatReference(repository)}`;
  return `helm install ${name} ${chart} --version ${version}${plainHttp ? " --plain-http" : ""}`;
}
