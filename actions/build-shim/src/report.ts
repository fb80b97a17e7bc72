import type { Artifact, Platform } from "@spin-publisher/oci";
import { platformDigests } from "./image/shim.ts";

/** What this action says about a shim beyond what every publishing action says: the image of each platform. */
export function shimReport(
  artifact: Artifact,
  requested: readonly Platform[],
): {
  readonly outputs: Readonly<Record<string, string>>;
  readonly summary: string;
} {
  const platforms = platformDigests(artifact, requested);
  const rows = Object.entries(platforms).map(([platform, digest]) => `| ${platform} | \`${digest}\` |`);
  return {
    outputs: { platforms: JSON.stringify(platforms) },
    summary: ["| Platform | Image |", "| --- | --- |", ...rows].join("\n"),
  };
}
