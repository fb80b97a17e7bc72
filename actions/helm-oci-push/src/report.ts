import type { PackedChart } from "./artifact/pack-chart.ts";

/** Markdown for the job summary: the size of the package, and the dependencies in it. */
export function summarise({ resolved, files, archive }: PackedChart): string {
  const size = `${files.length} files, ${archive.length} bytes packed.`;
  if (resolved.length === 0) return size;
  const rows = resolved.map(({ name, version, from }) => `| ${name} | ${version} | \`${from}\` |`);
  return [size, "", "| Dependency | Version | Source |", "| --- | --- | --- |", ...rows].join("\n");
}
