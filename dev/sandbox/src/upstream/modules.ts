import { readFile } from "node:fs/promises";
import { join } from "node:path";
import wabt from "wabt";
import type { GitHubRepository } from "./github.ts";
import { once, sha256 } from "./spin-releases.ts";

/** A Wasm module that sites pin by URL and digest, and the text its stand-in is assembled from. */
const modules = [
  {
    repository: "fermyon/bartholomew",
    formerNames: [],
    tag: "v0.9.0",
    file: "bartholomew.wasm",
    source: "bartholomew.wat",
  },
  {
    repository: "spinframework/spin-fileserver",
    formerNames: ["fermyon/spin-fileserver"],
    tag: "v0.3.0",
    file: "spin_static_fs.wasm",
    source: "spin_static_fs.wat",
  },
] as const;

/** Assembles a module of `fixtures/`. */
async function assemble(source: string): Promise<Uint8Array> {
  const { parseWat } = await wabt();
  const module = parseWat(
    source,
    await readFile(join(import.meta.dirname, "../../fixtures", source), "utf8"),
  );
  try {
    module.validate();
    return module.toBinary({}).buffer;
  } finally {
    module.destroy();
  }
}

/** The repositories that publish modules, each with the one release that sites use. */
export function moduleRepositories(): readonly GitHubRepository[] {
  return modules.map(({ repository, formerNames, tag, file, source }) => {
    const asset = {
      name: file,
      contentType: "application/octet-stream",
      bytes: once(() => assemble(source)),
    };
    const release = { tag, prerelease: false, publishedAt: "2024-01-10T10:00:00Z", assets: [asset] };
    return { fullName: repository, formerNames, releases: [release], latest: tag };
  });
}

/** What a site has to pin to use the stand-ins: download URL → `sha256:…`. */
export async function moduleDigests(): Promise<ReadonlyMap<string, string>> {
  const digests = new Map<string, string>();
  for (const { repository, formerNames, tag, file, source } of modules) {
    const digest = `sha256:${sha256(await assemble(source))}`;
    for (const name of [repository, ...formerNames])
      digests.set(`https://github.com/${name}/releases/download/${tag}/${file}`, digest);
  }
  return digests;
}
