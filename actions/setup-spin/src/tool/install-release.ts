import {
  checkSignature,
  findAsset,
  type Release,
  type ReleaseAccess,
  type Target,
  unpackSpin,
} from "@spin-publisher/spin-release";
import type { CacheCircumstances } from "./cache-policy.ts";
import { type ArchiveEvent, fetchArchive, type Keep } from "./fetch-archive.ts";
import { installBinary, type Places, type ToolCacheSkipped } from "./install-binary.ts";
import type { RejectedTool, Tool } from "./tool-cache.ts";

export type ToolEvent =
  | ArchiveEvent
  | { readonly kind: "in-tool-cache"; readonly target: Target }
  | ({ readonly kind: "tool-rejected" } & RejectedTool)
  | ({ readonly kind: "tool-cache-skipped" } & ToolCacheSkipped)
  | { readonly kind: "archive-verified"; readonly integrity: string }
  | { readonly kind: "signature-unverified"; readonly version: string; readonly because: string }
  | { readonly kind: "installed"; readonly target: Target; readonly started: boolean };

export interface InstalledRelease {
  readonly tool: Tool;
  /** Whether the archive did not have to be downloaded. */
  readonly cacheHit: boolean;
  /** Which checks passed, as a clause. */
  readonly integrity: string;
  /** What the post step should save. */
  readonly keep: Keep | undefined;
}

/** Installs a release for the first target that it has: verified, unpacked, and started once where it can. */
export async function installRelease(
  release: Pick<Release, "version" | "tag">,
  access: ReleaseAccess,
  request: Places & { readonly targets: readonly Target[]; readonly cache: CacheCircumstances },
  dependencies: {
    readonly startsHere: (target: Target) => boolean;
    readonly onEvent: (event: ToolEvent) => void;
  },
): Promise<InstalledRelease> {
  const { onEvent, startsHere } = dependencies;
  const { version, tag } = release;
  const asset = await findAsset(release, request.targets, access);
  const { bytes, restored, keep } = await fetchArchive(asset, access, request, onEvent);

  const files = await unpackSpin(asset, bytes);
  const signature = await checkSignature(files, tag);
  const signed = signature.verified
    ? `signed by ${signature.identity}`
    : `signature not verified: ${signature.because}`;
  const integrity = `SHA-256 matches the release's checksums file; ${signed}`;
  onEvent({ kind: "archive-verified", integrity });
  if (!signature.verified) onEvent({ kind: "signature-unverified", version, because: signature.because });

  const starts = startsHere(asset.target);
  const binary = { source: files.binary, version, starts };
  const tool = await installBinary(binary, asset.target, request, (skipped) =>
    onEvent({ kind: "tool-cache-skipped", ...skipped }),
  );
  onEvent({ kind: "installed", target: asset.target, started: starts });
  return { tool, cacheHit: restored, integrity, keep };
}
