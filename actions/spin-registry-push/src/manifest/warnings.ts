import type { Application } from "./model.ts";

/** Legal in a manifest, but unlikely to be what its author meant. Each is one sentence without the full stop. */
export function warningsAbout(application: Application): readonly string[] {
  const { components, triggers, manifestVersion, profile } = application;
  const warnings: string[] = [];
  if (triggers.length === 0) warnings.push("the application has no trigger, so Spin will not start it");
  if (profile !== undefined && !components.some(({ profiles }) => profiles.has(profile))) {
    warnings.push(`no component has the profile "${profile}"`);
  }
  for (const { id, given, allowedOutboundHosts } of components) {
    if (manifestVersion === 2 && given.has("allowed_http_hosts")) {
      const hosts = allowedOutboundHosts.map((host) => JSON.stringify(host)).join(", ");
      warnings.push(
        `allowed_http_hosts of component "${id}" is deprecated; write allowed_outbound_hosts = [${hosts}]`,
      );
    }
  }
  return warnings;
}
