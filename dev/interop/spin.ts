// Compares what we publish with what a real Spin publishes, and has that Spin run what we published:
//   SPIN=/path/to/spin node dev/interop/spin.ts [number of random manifests]
import { execFile, spawn } from "node:child_process";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { messageOf } from "@spin-publisher/errors";
import { createFetch } from "@spin-publisher/http";
import {
  createRegistryClient,
  type Descriptor,
  type ImageManifest,
  inspectTarget,
  publish,
  type RegistryClient,
  type Repository,
} from "@spin-publisher/oci";
import { type RegistryServer, startRegistry } from "@spin-publisher/sandbox";
import fc from "fast-check";
import { buildContent } from "../../actions/spin-registry-push/src/build.ts";
import type { Engine } from "../../actions/spin-registry-push/src/engine/choose.ts";
import { execute } from "../../actions/spin-registry-push/src/engine/execute.ts";
import type { LayerMode } from "../../actions/spin-registry-push/src/layers/layers.ts";
import { createModuleCache } from "../../actions/spin-registry-push/src/sources/cache.ts";
import {
  brokenManifest,
  randomTree,
  validManifest,
} from "../../actions/spin-registry-push/test/random-manifest.ts";
import { acceptedBySpin, publishedBySpinOnly, refusedBySpin } from "./spin-manifests.ts";
import { wagiFileServer } from "./wagi-file-server.ts";

const created = "2024-01-01T00:00:00+00:00";
const lockedAppType = "application/vnd.fermyon.spin.application.v1+config";

interface Dependencies {
  readonly spin: string;
  readonly registry: RegistryServer;
  readonly client: RegistryClient;
  readonly scratch: string;
}

async function main(spin: string, count: number): Promise<void> {
  const scratch = await mkdtemp(join(tmpdir(), "spin-interop-"));
  const registry = await startRegistry();
  const dependencies: Dependencies = { spin, registry, client: createRegistryClient(), scratch };
  try {
    const { stdout } = await promisify(execFile)(spin, ["--version"]);
    console.log(`comparing with ${stdout.trim()}`);
    await comparePublished(dependencies, count);
    await compareRefused(dependencies);
    await compareUnstartable(dependencies);
    await compareBroken(dependencies, count);
    await compareEngines(dependencies);
    for (const mode of ["files", "archive"] as const) await serve(dependencies, mode);
  } finally {
    await registry.close();
    await rm(scratch, { recursive: true, force: true });
  }
}

async function comparePublished(dependencies: Dependencies, count: number): Promise<void> {
  const random = fc.sample(validManifest, { seed: 4, numRuns: count });
  const manifests = [
    ...acceptedBySpin,
    ...random.map((manifest, index) => [`random ${index}`, manifest] as const),
  ];
  let refused = 0;
  const mistakes: string[] = [];
  for (const [index, [name, manifest]] of manifests.entries()) {
    const folder = await application(dependencies, manifest);
    const [theirs, ours] = await Promise.all([
      pushWithSpin(dependencies, folder, `spin/${index}`),
      pushOurs(dependencies, folder, `ours/${index}`, "files"),
    ]);
    if (theirs !== undefined && ours !== undefined) {
      refused += 1;
      continue;
    }
    if (theirs !== undefined || ours !== undefined) {
      mistakes.push(
        `${name}: one of the two refuses it\n  spin: ${theirs ?? "accepts"}\n  ours: ${ours ?? "accepts"}\n${manifest}`,
      );
      continue;
    }
    mistakes.push(...(await compare(dependencies, name, manifest, `spin/${index}`, `ours/${index}`)));
  }
  console.log(
    `${manifests.length} manifests: ${manifests.length - refused} published alike, ${refused} refused by both`,
  );
  fail(mistakes);
}

function fail(mistakes: readonly string[]): void {
  for (const mistake of mistakes) console.error(`\n${mistake}`);
  if (mistakes.length > 0) process.exitCode = 1;
}

async function compareRefused(dependencies: Dependencies): Promise<void> {
  const mistakes: string[] = [];
  for (const [name, manifest] of refusedBySpin) {
    const folder = await application(dependencies, manifest);
    const theirs = await pushWithSpin(dependencies, folder, "refused/spin");
    const ours = await pushOurs(dependencies, folder, "refused/ours", "files");
    if (theirs === undefined || ours === undefined) {
      mistakes.push(
        `${name} should be refused by both\n  spin: ${theirs ?? "accepts"}\n  ours: ${ours ?? "accepts"}\n${manifest}`,
      );
    }
  }
  console.log(
    `${refusedBySpin.length} broken manifests, ${refusedBySpin.length - mistakes.length} refused by both`,
  );
  fail(mistakes);
}

/** What Spin publishes and cannot start: it must be refused by us alone. */
async function compareUnstartable(dependencies: Dependencies): Promise<void> {
  const mistakes: string[] = [];
  for (const [name, manifest] of publishedBySpinOnly) {
    const folder = await application(dependencies, manifest);
    const theirs = await pushWithSpin(dependencies, folder, "unstartable/spin");
    const ours = await pushOurs(dependencies, folder, "unstartable/ours", "files");
    if (theirs !== undefined || ours === undefined) {
      mistakes.push(
        `${name} should be refused by us alone\n  spin: ${theirs ?? "accepts"}\n  ours: ${ours ?? "accepts"}\n${manifest}`,
      );
    }
  }
  const { length } = publishedBySpinOnly;
  console.log(`${length} manifests that cannot start, ${length - mistakes.length} refused by us alone`);
  fail(mistakes);
}

/** Randomly damaged manifests: both must agree on whether they are still valid. */
async function compareBroken(dependencies: Dependencies, count: number): Promise<void> {
  const mistakes: string[] = [];
  const tally = { accepted: 0, refused: 0 };
  for (const manifest of fc.sample(brokenManifest, { seed: 5, numRuns: count })) {
    const folder = await application(dependencies, manifest);
    const theirs = await pushWithSpin(dependencies, folder, "broken/spin");
    const ours = await pushOurs(dependencies, folder, "broken/ours", "files");
    // Spin writes control characters into annotations unescaped, and the registry refuses its manifest.
    const accepted = theirs === undefined || theirs.includes("MANIFEST_INVALID");
    // A damaged trigger is published by Spin, and keeps the application from starting.
    const unstartable = accepted && ours !== undefined && /\btrigger\b/.test(ours);
    if (accepted !== (ours === undefined) && !unstartable) {
      mistakes.push(
        `one of the two refuses it\n  spin: ${theirs ?? "accepts"}\n  ours: ${ours ?? "accepts"}\n${manifest}`,
      );
    } else if (accepted) tally.accepted += 1;
    else tally.refused += 1;
  }
  console.log(`${count} damaged manifests: ${tally.accepted} accepted and ${tally.refused} refused by both`);
  fail(mistakes);
}

/** Compares everything but the order of files, which Spin leaves to the file system. */
async function compare(
  { client, registry }: Dependencies,
  name: string,
  manifest: string,
  theirs: string,
  ours: string,
): Promise<readonly string[]> {
  const left = await picture(client, { registry: registry.host, name: theirs });
  const right = await picture(client, { registry: registry.host, name: ours });
  const parts = Object.keys(left).filter(
    (part) => JSON.stringify(left[part]) !== JSON.stringify(right[part]),
  );
  return parts.map(
    (part) =>
      `${name}: ${part} differs\n  spin: ${JSON.stringify(left[part])}\n  ours: ${JSON.stringify(right[part])}\n${manifest}`,
  );
}

async function picture(
  client: RegistryClient,
  repository: Repository,
): Promise<Readonly<Record<string, unknown>>> {
  const fetched = await client.manifest({ ...repository, tag: "1" });
  if (fetched === undefined || !("layers" in fetched.document))
    throw new Error(`${repository.name} has no manifest`);
  const document: ImageManifest = fetched.document;
  const lockedApp = document.layers.at(-1);
  if (lockedApp?.mediaType !== lockedAppType) throw new Error("the last layer is not the locked application");
  const read = async (descriptor: Descriptor) =>
    Buffer.from(await client.blob(repository, descriptor, 1 << 24)).toString();
  const [app, config] = await Promise.all([read(lockedApp), read(document.config)]);
  return {
    manifestKeys: Object.keys(JSON.parse(Buffer.from(fetched.bytes).toString())),
    annotations: document.annotations,
    lockedApp: withSortedFiles(app),
    size: lockedApp.size,
    config: config.replace(lockedApp.digest, "…"),
    configType: document.config.mediaType,
    layers: document.layers
      .slice(0, -1)
      .map(({ mediaType, digest, size }) => `${mediaType} ${digest} ${size}`)
      .sort(),
  };
}

/** The text with the entries of each `files` sorted by path and everything else unchanged. */
function withSortedFiles(text: string): string {
  return text.replace(/"files":\[((?:\{(?:"(?:[^"\\]|\\.)*"|[^"}])*\},?)*)\]/g, (_all, entries: string) => {
    const files = entries.match(/\{(?:"(?:[^"\\]|\\.)*"|[^"}])*\}/g) ?? [];
    const path = (entry: string) => Buffer.from(String(JSON.parse(entry).path));
    return `"files":[${[...files].sort((a, b) => Buffer.compare(path(a), path(b))).join(",")}]`;
  });
}

async function application({ scratch }: Dependencies, manifest: string): Promise<string> {
  const folder = await mkdtemp(join(scratch, "app-"));
  for (const [path, content] of Object.entries({ ...randomTree, "spin.toml": manifest })) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), content);
  }
  return folder;
}

/** @returns the error of Spin, or undefined when it pushed the application. */
async function pushWithSpin(
  { spin, registry }: Dependencies,
  folder: string,
  name: string,
): Promise<string | undefined> {
  const annotation = `org.opencontainers.image.created=${created}`;
  const args = [
    "registry",
    "push",
    "-k",
    "-f",
    folder,
    "--annotation",
    annotation,
    `${registry.host}/${name}:1`,
  ];
  const { exitCode, stderr } = await execute({
    file: spin,
    arguments: args,
    folder,
    env: process.env,
    output: "collect",
  });
  return exitCode === 0 ? undefined : stderr;
}

async function buildOurs(
  dependencies: Dependencies,
  folder: string,
  name: string,
  layers: LayerMode,
  engine: Engine,
) {
  const { spin, registry, client, scratch } = dependencies;
  const target = { repository: { registry: registry.host, name }, tag: "1", aliases: [] };
  const state = await inspectTarget(client, target);
  const { artifact } = await buildContent(
    {
      ...{ manifest: folder, layers, engine, build: false, insecure: true, workspace: folder },
      repository: target.repository,
      tag: target.tag,
      temporaryRoot: folder,
      allowEmptyFiles: true,
      allowLfsPointers: false,
      annotations: { explicit: { "org.opencontainers.image.created": created } },
    },
    {
      ...{ client, execute, state: Promise.resolve(state), fetch: createFetch({ environment: process.env }) },
      temporaryFolder: scratch,
      environment: { ...process.env, PATH: dirname(spin) },
      cache: createModuleCache(join(scratch, "cache")),
      log: () => {},
      warn: () => {},
    },
  );
  return { artifact, state };
}

async function pushOurs(
  dependencies: Dependencies,
  folder: string,
  name: string,
  layers: LayerMode,
): Promise<string | undefined> {
  try {
    const { artifact, state } = await buildOurs(dependencies, folder, name, layers, "native");
    await publish(dependencies.client, artifact, state, { immutable: false });
    return undefined;
  } catch (error) {
    return messageOf(error);
  }
}

/** Whether the `cli` engine makes the same artifact, byte for byte, where Spin is not needed. */
async function compareEngines(dependencies: Dependencies): Promise<void> {
  const mistakes: string[] = [];
  for (const [name, manifest] of acceptedBySpin) {
    const folder = await application(dependencies, manifest);
    const digests: string[] = [];
    for (const engine of ["native", "cli"] as const) {
      const { artifact } = await buildOurs(dependencies, folder, "engines", "auto", engine);
      digests.push(artifact.root.descriptor.digest);
    }
    if (digests[0] !== digests[1])
      mistakes.push(`${name}: native makes ${digests[0]}, cli ${digests[1]}\n${manifest}`);
  }
  console.log(
    `${acceptedBySpin.length} manifests, ${acceptedBySpin.length - mistakes.length} with the same digest from both engines`,
  );
  fail(mistakes);
}

/** Has Spin run what we published, and fetches every file from it. */
async function serve(dependencies: Dependencies, mode: LayerMode): Promise<void> {
  const { spin, registry, scratch } = dependencies;
  const pages = Object.fromEntries(
    Array.from({ length: 100 }, (_, index) => [
      `site/page-${index}.txt`,
      `Page ${index}. `.repeat(index + 1),
    ]),
  );
  const files = {
    ...pages,
    "site/tiny.txt": "tiny",
    "site/empty.txt": "",
    "site/sub/deep.txt": "é".repeat(200),
  };
  const folder = await mkdtemp(join(scratch, "serve-"));
  const manifest = `spin_manifest_version = 2
[application]
name = "serve"
[[trigger.http]]
route = "/..."
component = "files"
executor = { type = "wagi" }
[component.files]
source = "files.wasm"
files = [{ source = "site", destination = "/" }]
`;
  for (const [path, content] of Object.entries({
    ...files,
    "spin.toml": manifest,
    "files.wasm": await wagiFileServer(),
  })) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), content);
  }
  const refusal = await pushOurs(dependencies, folder, `serve/${mode}`, mode);
  if (refusal !== undefined) throw new Error(refusal);
  const port = await freePort();
  const args = [
    "up",
    "--insecure",
    "--from-registry",
    `${registry.host}/serve/${mode}:1`,
    "--cache-dir",
    join(scratch, `cache-${mode}`),
  ];
  const up = spawn(spin, [...args, "--listen", `127.0.0.1:${port}`], {
    stdio: ["ignore", "ignore", "inherit"],
    cwd: folder,
  });
  try {
    await started(port, up);
    for (const [path, content] of Object.entries(files)) {
      const response = await fetch(`http://127.0.0.1:${port}/${encodeURI(path.replace("site/", ""))}`);
      const body = await response.text();
      if (response.status !== 200 || body !== content)
        throw new Error(`${mode}: ${path} is served as ${response.status} ${body}`);
    }
  } finally {
    const ended = new Promise((resolve) => up.once("close", resolve));
    up.kill("SIGTERM");
    await ended;
  }
  console.log(
    `spin up runs what was published in layer mode ${mode}, and serves all ${Object.keys(files).length} files`,
  );
}

async function started(port: number, process: { readonly exitCode: number | null }): Promise<void> {
  for (let attempt = 0; attempt < 600; attempt += 1) {
    if (process.exitCode !== null) throw new Error(`spin up ended with exit code ${process.exitCode}`);
    const response = await fetch(`http://127.0.0.1:${port}/.well-known/spin/health`).catch(() => undefined);
    if (response?.status === 200) return;
    await sleep(200);
  }
  throw new Error("spin up did not come up within two minutes");
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  const address = server.address();
  await new Promise((closed) => server.close(closed));
  if (address === null || typeof address === "string") throw new Error("no port");
  return address.port;
}

const { SPIN } = process.env;
if (SPIN === undefined || SPIN === "") console.log("Set SPIN to a spin binary to compare with it.");
else await main(SPIN, Number(process.argv[2] ?? 100));
