import { messageOf } from "@spin-publisher/errors";
import { parseVersionRequest, type VersionRequest } from "@spin-publisher/spin-release";
import { versionIn } from "./version-file.ts";

/** The inputs that decide which version is requested, as given. */
export interface VersionInputs {
  readonly version: string;
  readonly versionFile: string;
  /** The checkout; a relative `versionFile` starts here. */
  readonly workspace: string;
}

export interface RequestedVersion {
  readonly request: VersionRequest;
  /** Where it was requested, and in which words: `version: latest`, `.tool-versions: 4.0.2`. */
  readonly source: string;
  /** The version file, where an explicit version wins over it. */
  readonly ignoredFile?: string;
}

/**
 * The version to install. An explicit version in the workflow wins over the version file; `latest`, which is also the
 * default, does not.
 *
 * @throws Error naming the input or file that does not contain a version.
 */
export async function requestedVersion({
  version,
  versionFile,
  workspace,
}: VersionInputs): Promise<RequestedVersion> {
  const isDefault = version === "" || version.toLowerCase() === "latest";
  if (versionFile !== "" && isDefault) return parsed(versionFile, await versionIn(versionFile, workspace));
  const requested = parsed("version", isDefault ? "latest" : version);
  return versionFile === "" ? requested : { ...requested, ignoredFile: versionFile };
}

function parsed(place: string, text: string): RequestedVersion {
  try {
    return { request: parseVersionRequest(text), source: `${place}: ${text}` };
  } catch (cause) {
    throw new Error(`${place}: ${messageOf(cause)}`, { cause });
  }
}
