import { ManifestError } from "./error.ts";
import { reasonAgainstKebab } from "./identifiers.ts";
import type {
  Application,
  Component,
  ComponentChoice,
  ComponentEntry,
  Manifest,
  Trigger,
  TriggerEntry,
} from "./model.ts";
import { applyProfile } from "./profile.ts";

/**
 * Assigns ids to triggers and components in the order in which Spin does, and applies the profile.
 *
 * @throws ManifestError for triggers and dependencies that name a component which does not exist, and for dependencies on
 *   components that must not be dependencies.
 */
export function normalise(manifest: Manifest, profile: string | undefined): Application {
  const identified = identifyTriggers(manifest.triggers);
  const components = new Map(manifest.components);
  const triggers = identified.map(({ type, id, entry }) => settleTrigger(type, id, entry, components));
  const settled = [...components].map(([id, entry]) => applyProfile({ ...entry, id }, profile));
  for (const component of settled) requireUsableDependencies(component, settled);
  for (const trigger of triggers) requireItsComponents(trigger, components);
  return {
    manifestVersion: manifest.version,
    name: manifest.name,
    version: manifest.applicationVersion,
    description: manifest.description,
    authors: manifest.authors,
    triggerSettings: manifest.triggerSettings,
    variables: manifest.variables,
    triggers,
    components: settled,
    ...(profile === undefined ? {} : { profile }),
  };
}

interface IdentifiedTrigger {
  readonly type: string;
  readonly id: string;
  readonly entry: TriggerEntry;
}

/**
 * A trigger without an id is named after its component (`web-http-trigger`) if that name is free, otherwise
 * numbered within its type. Ids in the manifest count as taken from the start, whatever their type.
 */
function identifyTriggers(triggers: Manifest["triggers"]): readonly IdentifiedTrigger[] {
  const used = new Set([...triggers.values()].flat().map(({ id }) => id));
  const identified: IdentifiedTrigger[] = [];
  for (const [type, entries] of triggers) {
    let number = 1;
    const numbered = () => {
      while (used.has(`${type}-trigger${number}`)) number += 1;
      return `${type}-trigger${number}`;
    };
    for (const entry of entries) {
      const { component } = entry;
      const natural = component?.kind === "reference" ? `${component.id}-${type}-trigger` : undefined;
      const free = natural !== undefined && !used.has(natural) ? natural : undefined;
      const id = entry.id !== "" ? entry.id : (free ?? numbered());
      used.add(id);
      identified.push({ type, id, entry });
    }
  }
  return identified;
}

/** Moves components that are defined inside a trigger behind the others, with an id of their own. */
function settleTrigger(
  type: string,
  id: string,
  entry: TriggerEntry,
  components: Map<string, ComponentEntry>,
): Trigger {
  const others = [...entry.otherComponents.values()].flat();
  const specs = others.length + (entry.component === undefined ? 0 : 1);
  let number = 1;
  const freshId = () => {
    const natural = `${id}-component`;
    if (specs === 1 && reasonAgainstKebab(natural) === undefined && !components.has(natural)) return natural;
    while (components.has(`inline-component${number}`)) number += 1;
    return `inline-component${number}`;
  };
  const settle = (choice: ComponentChoice): string => {
    if (choice.kind === "reference") return choice.id;
    const fresh = freshId();
    components.set(fresh, choice.component);
    return fresh;
  };
  const component = entry.component && settle(entry.component);
  return {
    line: entry.line,
    componentLine: entry.componentLine,
    id,
    type,
    otherComponents: new Map(
      [...entry.otherComponents].map(([name, choices]) => [name, choices.map(settle)]),
    ),
    settings: entry.settings,
    ...(component === undefined ? {} : { component }),
    ...(entry.dependenciesLine === undefined ? {} : { dependenciesLine: entry.dependenciesLine }),
  };
}

/** Spin publishes a trigger without its component, and then starts no trigger of the application. */
function requireItsComponents(
  { id, component, otherComponents, componentLine }: Trigger,
  components: ReadonlyMap<string, unknown>,
): void {
  const named = [component, ...[...otherComponents.values()].flat()];
  const missing = named.find((name) => name !== undefined && !components.has(name));
  if (missing === undefined) return;
  const existing = [...components.keys()].map((name) => `"${name}"`).join(", ");
  throw new ManifestError(
    componentLine,
    `the trigger "${id}" names the component "${missing}", which does not exist; ${existing === "" ? "there are no components" : `the components are ${existing}`}`,
  );
}

/** What a component that is composed into others must not have, since it would be lost. */
const resources = [
  "ai_models",
  "allowed_http_hosts",
  "allowed_outbound_hosts",
  "dependencies",
  "environment",
  "files",
  "key_value_stores",
  "sqlite_databases",
  "variables",
];

function requireUsableDependencies(component: Component, all: readonly Component[]): void {
  for (const [name, dependency] of component.dependencies) {
    if (component.inheritsConfiguration && dependency.inheritsConfiguration) {
      throw new ManifestError(
        dependency.line,
        `the dependency "${name}" sets inherit_configuration, and its component "${component.id}" sets dependencies_inherit_configuration; keep one of the two`,
      );
    }
    if (dependency.component === undefined) continue;
    const target = all.find(({ id }) => id === dependency.component);
    if (target === undefined) {
      throw new ManifestError(
        dependency.line,
        `the dependency "${name}" names the component "${dependency.component}", which does not exist`,
      );
    }
    const own = resources.filter((resource) => target.given.has(resource));
    if (own.length > 0) {
      throw new ManifestError(
        dependency.line,
        `the component "${target.id}" cannot be a dependency of "${component.id}", because it has permissions or resources of its own: ${own.join(", ")}`,
      );
    }
  }
}
