import type { Component } from "./model.ts";

/** The component with the overrides of `profile`; one that does not mention the profile is unchanged. */
export function applyProfile(component: Component, profile: string | undefined): Component {
  const override = profile === undefined ? undefined : component.profiles.get(profile);
  if (override === undefined) return component;
  const { command, source, environment, dependencies, line } = override;
  const build = command === undefined ? component.build : { line, watch: [], ...component.build, command };
  return {
    ...component,
    source: source ?? component.source,
    environment: new Map([...component.environment, ...environment]),
    dependencies: new Map([...component.dependencies, ...dependencies]),
    ...(build === undefined ? {} : { build }),
  };
}
