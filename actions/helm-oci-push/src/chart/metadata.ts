import { sortedMap, withoutEmpty } from "../yaml/go-json.ts";
import type { JsonMap, JsonValue, YamlValue } from "../yaml/value.ts";
import { fieldsOf, flagOf, jsonOf, listOf, textMapOf, textOf } from "./decode.ts";

/** Chart.yaml as Helm keeps it: empty text, list, map or `false` where a field is absent; unknown keys are gone. */
export interface ChartMetadata {
  readonly name: string;
  readonly home: string;
  readonly sources: readonly string[];
  readonly version: string;
  readonly description: string;
  readonly keywords: readonly string[];
  readonly maintainers: readonly Maintainer[];
  readonly icon: string;
  readonly apiVersion: string;
  readonly condition: string;
  readonly tags: string;
  readonly appVersion: string;
  readonly deprecated: boolean;
  readonly annotations: ReadonlyMap<string, string>;
  readonly kubeVersion: string;
  readonly dependencies: readonly Dependency[];
  readonly type: string;
}

export interface Maintainer {
  readonly name: string;
  readonly email: string;
  readonly url: string;
}

/** A chart that is asked for (Chart.yaml) or was chosen (Chart.lock: name, version and repository only). */
export interface Dependency {
  readonly name: string;
  /** A range in Chart.yaml, one version in Chart.lock. */
  readonly version: string;
  readonly repository: string;
  readonly condition: string;
  readonly tags: readonly string[];
  readonly enabled: boolean;
  readonly importValues: readonly JsonValue[];
  readonly alias: string;
}

/**
 * The fields of a Chart.yaml (or requirements.yaml) document that are set in it, sanitized as Helm does. They go over
 * what another document said before.
 *
 * @throws Error naming the field that has the wrong type.
 */
export function decodeMetadata(document: YamlValue, file: string): Partial<ChartMetadata> {
  const fields = fieldsOf(document, file);
  const at = (field: string) => `"${field}" of ${file}`;
  const decoded: { [Field in keyof ChartMetadata]: () => ChartMetadata[Field] } = {
    name: () => sanitize(textOf(fields.get("name"), at("name"))),
    home: () => sanitize(textOf(fields.get("home"), at("home"))),
    sources: () => listOf(fields.get("sources"), at("sources"), sanitizedText),
    version: () => textOf(fields.get("version"), at("version")),
    description: () => sanitize(textOf(fields.get("description"), at("description"))),
    keywords: () => listOf(fields.get("keywords"), at("keywords"), sanitizedText),
    maintainers: () => listOf(fields.get("maintainers"), at("maintainers"), decodeMaintainer),
    icon: () => sanitize(textOf(fields.get("icon"), at("icon"))),
    apiVersion: () => textOf(fields.get("apiversion"), at("apiVersion")),
    condition: () => sanitize(textOf(fields.get("condition"), at("condition"))),
    tags: () => sanitize(textOf(fields.get("tags"), at("tags"))),
    appVersion: () => sanitize(textOf(fields.get("appversion"), at("appVersion"))),
    deprecated: () => flagOf(fields.get("deprecated"), at("deprecated")),
    annotations: () => annotationsOf(textMapOf(fields.get("annotations"), at("annotations")), file),
    kubeVersion: () => sanitize(textOf(fields.get("kubeversion"), at("kubeVersion"))),
    dependencies: () =>
      listOf(fields.get("dependencies"), at("dependencies"), (item, where) => decodeDependency(item, where)),
    type: () => textOf(fields.get("type"), at("type")),
  };
  // To Go's decoder `null` empties a list or map, and does not touch anything else.
  const emptied = new Set(["sources", "keywords", "maintainers", "annotations", "dependencies"]);
  const isSet = (field: string) =>
    emptied.has(field) ? fields.has(field.toLowerCase()) : (fields.get(field.toLowerCase()) ?? null) !== null;
  return Object.fromEntries(
    Object.entries(decoded).flatMap(([field, decode]) => (isSet(field) ? [[field, decode()]] : [])),
  );
}

export const emptyMetadata: ChartMetadata = {
  name: "",
  home: "",
  sources: [],
  version: "",
  description: "",
  keywords: [],
  maintainers: [],
  icon: "",
  apiVersion: "",
  condition: "",
  tags: "",
  appVersion: "",
  deprecated: false,
  annotations: new Map(),
  kubeVersion: "",
  dependencies: [],
  type: "",
};

/** @param clean what is done to each text: those of Chart.lock are taken as they are. */
export function decodeDependency(item: YamlValue, where: string, clean = sanitize): Dependency {
  if (item === null) throw new Error(`${where} is empty; remove the item.`);
  const fields = fieldsOf(item, where);
  const text = (field: string) => textOf(fields.get(field), `${where}.${field}`);
  return {
    name: clean(text("name")),
    version: clean(text("version")),
    repository: clean(text("repository")),
    condition: clean(text("condition")),
    tags: listOf(fields.get("tags"), `${where}.tags`, (tag, at) => clean(textOf(tag, at))),
    enabled: flagOf(fields.get("enabled"), `${where}.enabled`),
    importValues: listOf(fields.get("import-values"), `${where}.import-values`, jsonOf),
    alias: text("alias"),
  };
}

/**
 * Annotations are not sanitized like other strings. But Helm turns what it has read into JSON and reads that as YAML
 * again before it writes Chart.yaml. A JSON string is a double-quoted YAML string, in which
 * - a NEL (U+0085, "next line"; JSON leaves it as it is) is a line break to YAML 1.1, so it is folded: one becomes a
 *   blank, as do the blanks around it, and each further one a line feed;
 * - other control characters are refused.
 *
 * The config that is pushed, and the Chart.yaml of a package made by Helm, hold the result.
 */
function annotationsOf(annotations: ReadonlyMap<string, string>, file: string): ReadonlyMap<string, string> {
  const pass = (text: string) => {
    if (/[\x7f-\x84\x86-\x9f\ufffe\uffff]/.test(text)) {
      throw new Error(
        `An annotation of ${file} contains a control character, which Helm cannot write; remove it.`,
      );
    }
    return text.replace(/ *\u0085[ \u0085]*/g, (fold) => "\n".repeat(fold.split("\u0085").length - 2) || " ");
  };
  return new Map([...annotations].map(([key, value]) => [pass(key), pass(value)]));
}

function decodeMaintainer(item: YamlValue, where: string): Maintainer {
  if (item === null) throw new Error(`${where} is empty; remove the item.`);
  const fields = fieldsOf(item, where);
  const text = (field: string) => sanitize(textOf(fields.get(field), `${where}.${field}`));
  return { name: text("name"), email: text("email"), url: text("url") };
}

function sanitizedText(item: YamlValue, where: string): string {
  return sanitize(textOf(item, where));
}

/** Every kind of white space becomes a blank, what cannot be printed goes: so it is packaged, and so it is pushed. */
function sanitize(text: string): string {
  return text
    .replace(/[\p{White_Space}]/gu, " ")
    .replace(/[^\p{Letter}\p{Mark}\p{Number}\p{Punctuation}\p{Symbol} ]/gu, "");
}

/** The metadata as JSON in the order of the config blob, without what is empty. */
export function metadataJson(metadata: ChartMetadata): JsonMap {
  return withoutEmpty([
    ["name", metadata.name],
    ["home", metadata.home],
    ["sources", metadata.sources],
    ["version", metadata.version],
    ["description", metadata.description],
    ["keywords", metadata.keywords],
    ["maintainers", metadata.maintainers.map(maintainerJson)],
    ["icon", metadata.icon],
    ["apiVersion", metadata.apiVersion],
    ["condition", metadata.condition],
    ["tags", metadata.tags],
    ["appVersion", metadata.appVersion],
    ["deprecated", metadata.deprecated],
    ["annotations", sortedMap(metadata.annotations)],
    ["kubeVersion", metadata.kubeVersion],
    ["dependencies", metadata.dependencies.map(dependencyJson)],
    ["type", metadata.type],
  ]);
}

function maintainerJson({ name, email, url }: Maintainer): JsonMap {
  return withoutEmpty([
    ["name", name],
    ["email", email],
    ["url", url],
  ]);
}

/** `name` and `repository` stand there even when they are empty. */
export function dependencyJson(dependency: Dependency): JsonMap {
  const rest = withoutEmpty([
    ["condition", dependency.condition],
    ["tags", dependency.tags],
    ["enabled", dependency.enabled],
    ["import-values", dependency.importValues],
    ["alias", dependency.alias],
  ]);
  const version = withoutEmpty([["version", dependency.version]]);
  return new Map([["name", dependency.name], ...version, ["repository", dependency.repository], ...rest]);
}
