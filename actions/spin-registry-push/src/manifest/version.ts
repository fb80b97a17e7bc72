import { ManifestError } from "./error.ts";
import type { TomlTable } from "./toml.ts";

/**
 * Which version a manifest says it is: the string "1" or the integer 2. Version 1 may also call the field
 * `spin_version`.
 */
export function manifestVersion(root: TomlTable): 1 | 2 {
  const value = root.entries.get("spin_manifest_version") ?? root.entries.get("spin_version");
  if (value === undefined) {
    throw new ManifestError(
      1,
      "the field spin_manifest_version is missing; new manifests start with spin_manifest_version = 2",
    );
  }
  if (value.kind === "string" && value.value === "1") return 1;
  if (value.kind === "integer" && value.value === 2n) return 2;
  throw new ManifestError(value.line, 'the manifest version must be the string "1" or the integer 2');
}
