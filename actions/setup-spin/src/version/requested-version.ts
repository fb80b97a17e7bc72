import { parseVersionRequest, type VersionRequest } from "@spin-publisher/spin-release";
import type { Inputs } from "../inputs.ts";
import { versionIn } from "./version-file.ts";

export interface Wanted {
  readonly request: VersionRequest;
  /** Where it stands and what stands there: `version: latest`, `.tool-versions: 4.0.2`. */
  readonly source: string;
}

/**
 * The version to install. A version that was written into the workflow wins over the version file; `latest`, which
 * is also the default, does not.
 *
 * @param warn hears of a version file that is ignored.
 * @throws Error naming where the version stands that is none.
 */
export async function wantedVersion(
  { version, versionFile, workspace }: Pick<Inputs, "version" | "versionFile" | "workspace">,
  warn: (message: string) => void,
): Promise<Wanted> {
  const isDefault = version === "" || version.toLowerCase() === "latest";
  if (versionFile !== "" && isDefault) {
    return wanted(versionFile, await versionIn(versionFile, workspace));
  }
  if (versionFile !== "") {
    warn(
      `Both version (${version}) and version-file (${versionFile}) are set; ${version} is installed. Keep one of them.`,
    );
  }
  return wanted("version", isDefault ? "latest" : version);
}

function wanted(place: string, text: string): Wanted {
  try {
    return { request: parseVersionRequest(text), source: `${place}: ${text}` };
  } catch (cause) {
    throw new Error(`${place}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
}
