import type { Application } from "./model.ts";

/** Something that is legal in a manifest, but unlikely to be what its author meant. */
export interface ManifestWarning {
  readonly line: number;
  /** A sentence without the full stop. */
  readonly text: string;
}

export function warningsAbout(application: Application): readonly ManifestWarning[] {
  const { components, manifestVersion, profile } = application;
  const warnings: ManifestWarning[] = [];
  if (profile !== undefined && !components.some(({ profiles }) => profiles.has(profile))) {
    warnings.push({ line: 1, text: `no component has the profile "${profile}"` });
  }
  for (const { id, given, allowedOutboundHosts, hostsLine } of components) {
    if (manifestVersion === 2 && given.has("allowed_http_hosts")) {
      const hosts = allowedOutboundHosts.map((host) => JSON.stringify(host)).join(", ");
      const text = `allowed_http_hosts of component "${id}" is deprecated; write allowed_outbound_hosts = [${hosts}]`;
      warnings.push({ line: hostsLine, text });
    }
  }
  return warnings;
}
