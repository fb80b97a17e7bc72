import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { gzip, type TarEntry, tar } from "@spin-publisher/archive";

/** A release of the Spin repository, as much of it as the stand-in needs. */
export interface SpinRelease {
  readonly tag: string;
  readonly prerelease: boolean;
  /** ISO 8601, UTC. */
  readonly publishedAt: string;
}

export interface Asset {
  readonly name: string;
  readonly contentType: string;
  bytes(): Promise<Uint8Array>;
}

/**
 * What is in the real list, newest first: releases of the CLI among pre-releases, the moving `canary` and the tags
 * of templates and SDKs, which are not releases of the CLI.
 */
export const spinReleases: readonly SpinRelease[] = [
  { tag: "canary", prerelease: true, publishedAt: "2026-11-19T22:04:11Z" },
  { tag: "v4.1.0-rc.1", prerelease: true, publishedAt: "2026-11-12T09:30:00Z" },
  { tag: "spin/templates/v4.0", prerelease: false, publishedAt: "2026-10-02T12:00:00Z" },
  { tag: "sdk/go/v2.2.1", prerelease: false, publishedAt: "2026-09-01T12:00:00Z" },
  { tag: "v3.6.3", prerelease: false, publishedAt: "2026-07-08T10:15:00Z" },
  { tag: "v4.0.2", prerelease: false, publishedAt: "2026-06-23T10:15:00Z" },
  { tag: "v4.0.1", prerelease: false, publishedAt: "2026-05-12T10:15:00Z" },
  { tag: "v4.0.0", prerelease: false, publishedAt: "2026-04-20T10:15:00Z" },
  { tag: "v4.0.0-rc.1", prerelease: true, publishedAt: "2026-04-02T10:15:00Z" },
  { tag: "v3.6.2", prerelease: false, publishedAt: "2026-03-03T10:15:00Z" },
  { tag: "v3.5.1", prerelease: false, publishedAt: "2025-11-20T10:15:00Z" },
  { tag: "v3.4.1", prerelease: false, publishedAt: "2025-09-11T10:15:00Z" },
  { tag: "v2.7.0", prerelease: false, publishedAt: "2024-07-30T10:15:00Z" },
];

/** The release that GitHub marks as the latest: a maintenance release published later does not take its place. */
export const latestSpinRelease = "v4.0.2";

const targets = [
  "linux-amd64",
  "linux-aarch64",
  "static-linux-amd64",
  "static-linux-aarch64",
  "macos-amd64",
  "macos-aarch64",
];

/** Makes the stand-in for the `spin` binary of a release and target; tests may replace it. */
export type SpinBinary = (tag: string, target: string) => Promise<Uint8Array>;

/** A shell script that knows its version and says that it is a stand-in. */
export const standInSpin: SpinBinary = async (tag, target) => {
  const script = await readFile(join(import.meta.dirname, "../../fixtures/spin.sh"), "utf8");
  const architecture = target.replace(/^.*linux-|^macos-/, "");
  return Buffer.from(
    script.replaceAll("@VERSION@", tag.replace(/^v/, "")).replaceAll("@ARCHITECTURE@", architecture),
  );
};

/** The assets of a release; tags of templates and SDKs have none. */
export function spinAssets(release: SpinRelease, binary: SpinBinary = standInSpin): readonly Asset[] {
  if (!/^(?:v\d|canary$)/.test(release.tag)) return [];
  const archives = targets.map((target) => ({
    name: `spin-${release.tag}-${target}.tar.gz`,
    contentType: "application/gzip",
    bytes: once(async () => spinArchive(await binary(release.tag, target))),
  }));
  const checksums = {
    name: `checksums-${release.tag}.txt`,
    contentType: "text/plain",
    bytes: once(async () => {
      const lines = await Promise.all(
        archives.map(async (asset) => `${sha256(await asset.bytes())}  ${asset.name}\n`),
      );
      return Buffer.from(lines.join(""));
    }),
  };
  return [...archives, checksums];
}

/** A release archive: flat, with the files the real ones have beside the binary. */
export async function spinArchive(spin: Uint8Array, more: readonly TarEntry[] = []): Promise<Uint8Array> {
  const text = (path: string, content: string): TarEntry => ({
    type: "file",
    path,
    bytes: Buffer.from(content),
  });
  return gzip(
    await tar([
      text("README.md", "The sandbox's stand-in for a Spin release.\n"),
      text("LICENSE", "CC0-1.0\n"),
      text("spin.sig", "bm90IGEgc2lnbmF0dXJl\n"),
      text("crt.pem", "bm90IGEgY2VydGlmaWNhdGU=\n"),
      { type: "file", path: "spin", bytes: spin, executable: true },
      ...more,
    ]),
  );
}

/**
 * A tar.gz with one file at a path that `tar` refuses to write, as in a malicious archive.
 *
 * @param path of at most 100 bytes.
 */
export async function hostileArchive(path: string, content: string): Promise<Uint8Array> {
  const archive = Buffer.from(await tar([{ type: "file", path: "x", bytes: Buffer.from(content) }]));
  archive.fill(0, 0, 100).write(path, 0, 100);
  // ustar: the header's checksum is the sum of its bytes with the checksum field itself taken as blanks.
  archive.fill(" ", 148, 156);
  const sum = archive.subarray(0, 512).reduce((total, byte) => total + byte, 0);
  archive.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
  return gzip(archive);
}

/** The same promise for every caller: an archive is made when it is first asked for. */
export function once<Result>(make: () => Promise<Result>): () => Promise<Result> {
  let made: Promise<Result> | undefined;
  return () => {
    made ??= make();
    return made;
  };
}

export function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}
