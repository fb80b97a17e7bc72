import type { Application } from "../manifest/model.ts";

/** Something in a manifest that only Spin itself can publish. */
export interface SpinFeature {
  readonly line: number;
  readonly what: string;
}

/**
 * What in an application needs Spin: composing components with others changes their Wasm, and packages are resolved
 * with the user's own configuration of package registries.
 */
export function spinFeatures({ components, triggers }: Application): readonly SpinFeature[] {
  const features: SpinFeature[] = [];
  for (const { id, source, dependencies } of components) {
    if (source.kind === "package") {
      features.push({
        line: source.line,
        what: `the package ${source.name} as the source of component "${id}"`,
      });
    }
    for (const [name, { line }] of dependencies) {
      features.push({ line, what: `the dependency "${name}" of component "${id}"` });
    }
  }
  for (const { id, dependenciesLine } of triggers) {
    if (dependenciesLine !== undefined) {
      features.push({ line: dependenciesLine, what: `a dependency of trigger "${id}"` });
    }
  }
  return features.sort((left, right) => left.line - right.line);
}
