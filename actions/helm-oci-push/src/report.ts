import type { PackedChart } from "./chart/pack-chart.ts";

/** Markdown for the job summary: how much was packaged, and which charts of others are in it. */
export function summarise({ resolved, files, archive }: PackedChart): string {
  const size = `${files.length} files, ${archive.length} bytes packed.`;
  if (resolved.length === 0) return size;
  const rows = resolved.map(({ name, version, from }) => `| ${name} | ${version} | \`${from}\` |`);
  return [size, "", "| Dependency | Version | From |", "| --- | --- | --- |", ...rows].join("\n");
}
