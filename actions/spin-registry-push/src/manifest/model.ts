import type { TomlTable, TomlValue } from "./toml.ts";

/** A manifest of either version as it was written, in the shape of version 2, before ids are assigned. */
export interface Manifest {
  readonly version: 1 | 2;
  readonly name: string;
  readonly applicationVersion: string;
  readonly description: string;
  readonly authors: readonly string[];
  /** Settings of a whole trigger type (`[application.trigger.http]`), by type. */
  readonly triggerSettings: ReadonlyMap<string, TomlTable>;
  readonly variables: ReadonlyMap<string, Variable>;
  /** By type, in document order. */
  readonly triggers: ReadonlyMap<string, readonly TriggerEntry[]>;
  /** By id, in document order. */
  readonly components: ReadonlyMap<string, ComponentEntry>;
}

/** An application variable; without a default the value must be given when the application runs. */
export interface Variable {
  readonly description?: string;
  readonly defaultValue?: string;
  readonly secret: boolean;
}

export interface TriggerEntry {
  readonly line: number;
  /** Line of `component`. */
  readonly componentLine: number;
  /** Empty where the manifest gives none. */
  readonly id: string;
  readonly component?: ComponentChoice;
  readonly otherComponents: ReadonlyMap<string, readonly ComponentChoice[]>;
  /** Line of `dependencies`, which only Spin can compose. */
  readonly dependenciesLine?: number;
  /** Everything that only the trigger understands: `route`, `executor`, `channel`, … */
  readonly settings: ReadonlyMap<string, TomlValue>;
}

/** A component by its id, or defined in place. */
export type ComponentChoice =
  | { readonly kind: "reference"; readonly id: string }
  | { readonly kind: "inline"; readonly component: ComponentEntry };

export interface ComponentEntry {
  readonly line: number;
  readonly source: Source;
  readonly description: string;
  readonly variables: ReadonlyMap<string, string>;
  readonly environment: ReadonlyMap<string, string>;
  readonly files: readonly FileEntry[];
  readonly excludeFiles: readonly Exclusion[];
  /** Both spellings of the setting, the older one converted. */
  readonly allowedOutboundHosts: readonly string[];
  readonly hostsLine: number;
  readonly keyValueStores: readonly string[];
  readonly sqliteDatabases: readonly string[];
  readonly aiModels: readonly string[];
  readonly build?: Build;
  readonly dependencies: ReadonlyMap<string, Dependency>;
  readonly inheritsConfiguration: boolean;
  readonly profiles: ReadonlyMap<string, ProfileOverride>;
  /** Names of the fields that the manifest gives and that are not empty. */
  readonly given: ReadonlySet<string>;
}

/** Where a component's Wasm comes from. */
export type Source =
  | { readonly kind: "local"; readonly line: number; readonly path: string }
  | { readonly kind: "url"; readonly line: number; readonly url: string; readonly digest: string }
  | { readonly kind: "package"; readonly line: number; readonly name: string; readonly version: string };

/** `"content/**"` or `{ source, destination }`. */
export type FileEntry =
  | { readonly kind: "pattern"; readonly line: number; readonly pattern: string }
  | {
      readonly kind: "mapping";
      readonly line: number;
      readonly source: string;
      readonly destination: string;
    };

export interface Exclusion {
  readonly line: number;
  readonly pattern: string;
}

export interface Build {
  readonly line: number;
  /** One command, or several that run one after the other; published as written. */
  readonly command: string | readonly string[];
  readonly workdir?: string;
  readonly watch: readonly string[];
}

/** A dependency of a component. Spin resolves it; here it only matters that there is one. */
export interface Dependency {
  readonly line: number;
  readonly kind: "version" | "package" | "local" | "url" | "component";
  /** The id that `{ component = … }` names. */
  readonly component?: string;
  readonly package?: string;
  readonly export?: string;
  readonly inheritsConfiguration: boolean;
}

export interface ProfileOverride {
  readonly line: number;
  readonly command?: string | readonly string[];
  readonly source?: Source;
  readonly environment: ReadonlyMap<string, string>;
  readonly dependencies: ReadonlyMap<string, Dependency>;
}

/** What a manifest means: every trigger and component has its id, the profile is applied. */
export interface Application {
  readonly manifestVersion: 1 | 2;
  readonly name: string;
  readonly version: string;
  readonly description: string;
  readonly authors: readonly string[];
  readonly profile?: string;
  readonly triggerSettings: ReadonlyMap<string, TomlTable>;
  readonly variables: ReadonlyMap<string, Variable>;
  readonly triggers: readonly Trigger[];
  readonly components: readonly Component[];
}

export interface Trigger {
  readonly line: number;
  readonly componentLine: number;
  readonly id: string;
  readonly type: string;
  readonly component?: string;
  readonly otherComponents: ReadonlyMap<string, readonly string[]>;
  readonly dependenciesLine?: number;
  readonly settings: ReadonlyMap<string, TomlValue>;
}

export interface Component extends ComponentEntry {
  readonly id: string;
}
