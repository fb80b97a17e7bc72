import type { PackedChart } from "./build.ts";

/** Markdown for the job summary: what went into the package besides the chart's own files. */
export function summarise({ resolved, files, archive }: PackedChart): string {
  const package_ = `${files.length} files, ${archive.length} bytes packed.`;
  if (resolved.length === 0) return package_;
  const rows = resolved.map(({ name, version, from }) => `| ${name} | ${version} | \`${from}\` |`);
  return [package_, "", "| Dependency | Version | From |", "| --- | --- | --- |", ...rows].join("\n");
}
