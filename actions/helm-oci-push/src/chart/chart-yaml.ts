import { editMap } from "../yaml/edit.ts";
import { writeGoJson } from "../yaml/go-json.ts";
import { readYaml } from "../yaml/read.ts";
import { type ChartMetadata, decodeMetadata, emptyMetadata, metadataJson } from "./metadata.ts";

/**
 * A Chart.yaml as Helm reads it. One without an apiVersion is of Helm 2, that is `v1`.
 *
 * @param name how error messages name the file.
 */
export function parseChartYaml(bytes: Uint8Array, name: string): ChartMetadata {
  const metadata = { ...emptyMetadata, ...decodeMetadata(readYaml(bytes, name), name) };
  return metadata.apiVersion === "" ? { ...metadata, apiVersion: "v1" } : metadata;
}

/**
 * What the Chart.yaml of a package says: in apiVersion v1 the dependencies are in requirements.yaml, and Helm
 * leaves them out of Chart.yaml.
 */
export function packagedMetadata(metadata: ChartMetadata): ChartMetadata {
  return metadata.apiVersion === "v1" ? { ...metadata, dependencies: [] } : metadata;
}

/**
 * The bytes of a Chart.yaml that means `to`: those that the author wrote where they mean it already, otherwise with
 * the fields that differ edited.
 *
 * @param from what `authored` means.
 * @param name how error messages name the file.
 * @throws Error when a field that has to change is tied to another one by an anchor.
 */
export function editChartYaml(
  authored: Uint8Array,
  from: ChartMetadata,
  to: ChartMetadata,
  name: string,
): Uint8Array {
  const [before, after] = [metadataJson(from), metadataJson(to)];
  const changes = [...new Set([...before.keys(), ...after.keys()])].filter(
    (field) => writeGoJson(before.get(field) ?? null) !== writeGoJson(after.get(field) ?? null),
  );
  if (changes.length === 0) return authored;
  const unedited = (cause?: unknown) =>
    new Error(
      `${changes.map((field) => `"${field}"`).join(" and ")} of ${name} cannot be changed without changing another field; write each as "key: value" on a line of its own, without an anchor ("&").`,
      { cause },
    );
  try {
    const text = editMap(
      new TextDecoder().decode(authored),
      new Map(changes.map((field) => [field, after.get(field) ?? null])),
    );
    const edited = new TextEncoder().encode(text);
    if (writeGoJson(metadataJson(parseChartYaml(edited, name))) === writeGoJson(after)) return edited;
  } catch (cause) {
    throw unedited(cause);
  }
  throw unedited();
}
