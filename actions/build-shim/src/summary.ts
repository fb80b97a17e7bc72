/** What the job summary says about a shim beside its reference: the image of each platform. */
export function summarise(platforms: Readonly<Record<string, string>>): string {
  const rows = Object.entries(platforms).map(([platform, digest]) => `| ${platform} | \`${digest}\` |`);
  return ["| Platform | Image |", "| --- | --- |", ...rows].join("\n");
}
