import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { gzip, type TarEntry, tar } from "@spin-publisher/archive";
import { type Answer, bytes, type UpstreamRequest } from "./answer.ts";
import type { GitHubRepository } from "./github.ts";
import { once, sha256 } from "./spin-releases.ts";

/** Newest first. */
const versions = ["0.14.0", "0.13.1", "0.9.1", "0.6.1"];
const repository = "companyinfo/helm-charts";

/** The stand-in's tgz of one version: every file below `helmet/`, as `helm package` would name them. */
async function chartArchive(version: string): Promise<Uint8Array> {
  const source = join(import.meta.dirname, "../../fixtures/helmet");
  const names = (await readdir(source, { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(source.length + 1));
  const entries = names.sort().map(async (name): Promise<TarEntry> => {
    const text = await readFile(join(source, name), "utf8");
    const content = name === "Chart.yaml" ? text.replace(/^#.*\nversion: .*$/m, `version: ${version}`) : text;
    return { type: "file", path: `helmet/${name.replaceAll("\\", "/")}`, bytes: Buffer.from(content) };
  });
  return gzip(await tar(await Promise.all(entries)));
}

/** Helmet's archives are assets of GitHub releases. */
export function chartArchives(): GitHubRepository {
  const releases = versions.map((version) => ({
    tag: `helmet-${version}`,
    prerelease: false,
    publishedAt: "2025-02-11T10:00:00Z",
    assets: [
      {
        name: `helmet-${version}.tgz`,
        contentType: "application/octet-stream",
        bytes: once(() => chartArchive(version)),
      },
    ],
  }));
  return { fullName: repository, formerNames: [], releases, latest: `helmet-${versions[0]}` };
}

/** The chart repository: an index with the archives and their digests. */
export async function answerChartRepository(request: UpstreamRequest): Promise<Answer> {
  if (request.path !== "/index.yaml")
    return { status: 404, headers: { "content-type": "text/html" }, body: "Not Found" };
  const entries = versions.map(async (version) => ({
    apiVersion: "v2",
    name: "helmet",
    type: "library",
    version,
    created: "2025-02-11T10:00:00Z",
    digest: sha256(await chartArchive(version)),
    urls: [`https://github.com/${repository}/releases/download/helmet-${version}/helmet-${version}.tgz`],
  }));
  // JSON is YAML, and Helm accepts it in an index.
  const index = {
    apiVersion: "v1",
    entries: { helmet: await Promise.all(entries) },
    generated: "2025-02-11T10:00:00Z",
  };
  return bytes("text/yaml; charset=utf-8", JSON.stringify(index, undefined, 2));
}
