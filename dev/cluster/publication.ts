// What the cluster pulls: two versions of a small site, published by this repository's actions.
import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import {
  pushTag,
  runActionProcess,
  seedSpinImages,
  startRegistry,
  startUpstream,
} from "@spin-publisher/sandbox";
import { chartWithLibrary } from "../../scripts/test/chart-folder.ts";
import { wagiFileServer } from "../interop/wagi-file-server.ts";
import { registryHost } from "./node-files.ts";

export const embeds = ["none", "modules", "app"] as const;
export type Embed = (typeof embeds)[number];

export const versions = ["0.1.0", "0.1.1"] as const;
/** Its content is gone from the registry, so that its pods do not start. */
export const brokenVersion = "0.1.2";
export const chartVersion = "2.0.0";

/** Repository of the shim with an embed mode; `modules`, the default, has the plain name. */
export function shimRepository(embed: Embed): string {
  return embed === "modules" ? "octo-org/site" : `octo-org/site-${embed}`;
}

export const contentRepository = "octo-org/site/content";
const brokenContent = "octo-org/broken/content";

/** As large as the modules of a Bartholomew site. */
const moduleBytes = 10_000_000;

export interface Publication {
  readonly root: string;
  /** The folder of the registry; emptied. */
  readonly registry: string;
  /** An empty folder. */
  readonly temporary: string;
  /** The program in the pods. */
  readonly binary: Uint8Array;
  /** The program of the sandbox image, which waits. */
  readonly pause: Uint8Array;
}

/** @throws Error with the log of an action that failed. */
export async function publishSite({ root, registry, temporary, binary, pause }: Publication): Promise<void> {
  await rm(registry, { recursive: true, force: true });
  const release = { tag: "v4.0.2", prerelease: false, publishedAt: "2026-06-23T10:15:00Z" };
  await seedSpinImages(registry, [release], async () => binary);
  await seedSpinImages(join(registry, "pause"), [release], async () => pause);
  const server = await startRegistry({ root: registry });
  const upstream = await startUpstream();
  const workspace = join(temporary, "checkout");
  const mirrors = `${upstream.mirrors}\nhttps://ghcr.io=${server.origin}\nhttp://${registryHost}=${server.origin}`;
  const act = async (action: string, tag: string, inputs: Readonly<Record<string, string>>) => {
    const run = await runActionProcess({
      ...{ action: join(root, "actions", action), workspace, mirrors },
      inputs: { insecure: "true", ...inputs },
      event: pushTag(tag),
      temp: join(temporary, "runner"),
    });
    if (run.exitCode !== 0) throw new Error(`${action} failed: ${run.log.trim().slice(-2000)}`);
    return run.outputs.reference ?? "";
  };
  const shim = (version: string, content: string, embed: Embed) =>
    act("build-shim", version, {
      ...{ content, embed, image: `${registryHost}/${shimRepository(embed)}` },
      platforms: process.arch === "arm64" ? "linux/arm64" : "linux/amd64",
    });
  try {
    await writeApplication(workspace);
    for (const version of versions) {
      const content = await publishContent(version, contentRepository);
      for (const embed of embeds) await shim(version, content, embed);
    }
    await shim(brokenVersion, await publishContent(brokenVersion, brokenContent), "modules");
    await rm(join(registry, brokenContent), { recursive: true });
    await mkdir(join(workspace, "charts"));
    await chartWithLibrary(join(workspace, "charts"));
    await act("helm-oci-push", `chart-${chartVersion}`, {
      ...{ chart: "charts/bart", repository: `${registryHost}/octo-org/charts` },
      ...{ version: chartVersion, "app-version": versions[0], lint: "off" },
    });
  } finally {
    await upstream.close();
    await server.close();
  }

  async function publishContent(version: string, repository: string): Promise<string> {
    await writeFile(join(workspace, "site", "index.txt"), `version ${version}\n`);
    return act("spin-registry-push", version, {
      manifest: "spin.toml",
      reference: `${registryHost}/${repository}`,
    });
  }
}

async function writeApplication(folder: string): Promise<void> {
  await mkdir(join(folder, "site"), { recursive: true });
  for (let page = 0; page < 100; page += 1) {
    await writeFile(join(folder, "site", `page-${page}.txt`), `Page ${page}. `.repeat(100));
  }
  await writeFile(join(folder, "files.wasm"), padded(await wagiFileServer(), moduleBytes));
  await writeFile(
    join(folder, "spin.toml"),
    `spin_manifest_version = 2
[application]
name = "site"
version = "0.1.0"
[[trigger.http]]
route = "/..."
component = "files"
executor = { type = "wagi" }
[component.files]
source = "files.wasm"
files = [{ source = "site", destination = "/" }]
`,
  );
}

/** A module with a custom section of bytes that do not compress, which no runtime looks at (WebAssembly 1.0, 5.5.3). */
export function padded(module: Uint8Array, size: number): Uint8Array {
  const name = new TextEncoder().encode("padding");
  const bytes = new Uint8Array(Math.max(0, size - module.length));
  let state = 1;
  for (let index = 0; index < bytes.length; index += 1) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    bytes[index] = state >>> 24;
  }
  const length = leb128(1 + name.length + bytes.length);
  return Buffer.concat([module, new Uint8Array([0, ...length, name.length]), name, bytes]);
}

function leb128(value: number): readonly number[] {
  return value < 128 ? [value] : [(value & 127) | 128, ...leb128(value >>> 7)];
}
