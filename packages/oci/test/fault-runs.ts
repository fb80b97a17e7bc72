// Runs of the publisher against a registry in which things go wrong by chance, the same things for the same seed.
//
// By hand: node packages/oci/test/fault-runs.ts [seeds for each persona] [first seed]

import { createHash } from "node:crypto";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  type Persona,
  personas,
  type RegistryServer,
  seededFaults,
  startRegistry,
} from "@spin-publisher/sandbox";
import { type Artifact, type Blob, blobOf, type Manifest, mediaTypes } from "../src/index.ts";
import { index, layer, manifest, publishOnce, quick } from "./artifacts.ts";

/** What came of a run that met faults. A run that breaks a promise throws. */
export interface FaultRun {
  readonly outcome: "published" | "refused";
  /** What the refused publisher said. */
  readonly message: string | undefined;
  readonly requests: number;
  /** How many requests met a fault. */
  readonly faults: number;
}

const repository = "owner/shim";
const upstream = "spin/base";
const user = { username: "grace", password: "hopper" };

/**
 * Publishes an image of every kind of content (in memory, on disk, made on demand, mounted) over an earlier one while
 * faults happen, and again without them.
 *
 * @throws Error when a tag points at anything but the earlier or the new version, at any time; when content below a
 *   published tag is missing or wrong; when the second publication fails.
 */
export async function faultRun(persona: Persona, seed: number): Promise<FaultRun> {
  const folder = await mkdtemp(join(tmpdir(), "faults-"));
  const withTokens = seed % 2 === 0;
  const server = await startRegistry({
    persona,
    ...(withTokens
      ? { authentication: { scheme: "bearer", users: { [user.username]: user.password } } }
      : {}),
  });
  try {
    const target = {
      repository: { registry: server.host, name: repository },
      tag: "2.0.0",
      aliases: ["latest"],
      credentials: async () => ({ kind: "basic", ...user }) as const,
    };
    const base = [layer("base"), layer("x".repeat(100_000))];
    await publishOnce(
      { root: manifest(base) },
      { ...target, repository: { ...target.repository, name: upstream }, tag: "1.0.0", aliases: [] },
    );
    const before = image("before", [layer("old base")]);
    await publishOnce(before, { ...target, tag: "1.0.0" });

    const file = join(folder, "module");
    await writeFile(file, "module".repeat(20_000));
    const next = image("next", [
      ...base.map(
        (blob): Blob => ({
          ...blob,
          source: { kind: "repository", repository: { ...target.repository, name: upstream } },
        }),
      ),
      { ...layer("module".repeat(20_000)), source: { kind: "file", path: file } },
      {
        ...layer("asset".repeat(20_000)),
        source: { kind: "deferred", open: async () => Buffer.from("asset".repeat(20_000)) },
      },
    ]);
    server.clearRequests();
    const plan = seededFaults(seed, { rate: 0.25 });
    let faults = 0;
    server.setFaults((request) => {
      const fault = plan(request);
      if (fault !== undefined) faults += 1;
      return fault;
    });
    const message = await publishOnce(next, { ...target, retry: quick }).then(
      () => undefined,
      (error: unknown) => (error instanceof Error ? error.message : String(error)),
    );
    server.setFaults(undefined);
    const outcome = message === undefined ? "published" : "refused";
    const run: FaultRun = { outcome, message, requests: server.requests.length, faults };
    await requirePromises(server, run, before, next);
    const again = await publishOnce(next, target);
    if (again.digest !== next.root.descriptor.digest)
      throw new Error("the second run published something else");
    await requirePromises(server, { ...run, outcome: "published" }, before, next);
    return run;
  } finally {
    await server.close();
    await rm(folder, { recursive: true });
  }
}

function image(release: string, layers: readonly Blob[]): Artifact {
  const children = ["amd64", "arm64"].map((architecture) => {
    const config = blobOf(mediaTypes.config, JSON.stringify({ architecture, os: "linux", release }));
    return manifest([config, ...layers, layer(`BUILD_ID=${release}`)], { os: "linux", architecture });
  });
  return { root: index(children) };
}

/** Read from the registry's disk, so that nothing that is under test has a say in it. */
async function requirePromises(
  server: RegistryServer,
  { outcome }: FaultRun,
  before: Artifact,
  next: Artifact,
): Promise<void> {
  const tags = await tagsOnDisk(server);
  const old = before.root.descriptor.digest;
  const wanted = next.root.descriptor.digest;
  const allowed: Record<string, readonly (string | undefined)[]> =
    outcome === "published"
      ? { "1.0.0": [old], "2.0.0": [wanted], latest: [wanted] }
      : { "1.0.0": [old], "2.0.0": [undefined, wanted], latest: [old, wanted] };
  for (const [tag, digests] of Object.entries(allowed)) {
    if (!digests.includes(tags.get(tag))) throw new Error(`${outcome}, but ${tag} is ${tags.get(tag)}`);
  }
  if (tags.get("2.0.0") === wanted) await requireContent(server, next.root);
}

async function tagsOnDisk(server: RegistryServer): Promise<ReadonlyMap<string, string>> {
  const index = JSON.parse(await readFile(join(server.root, repository, "index.json"), "utf8"));
  const entries: { digest: string; annotations?: Record<string, string> }[] = index.manifests;
  return new Map(
    entries.flatMap(({ digest, annotations }) => {
      const tag = annotations?.["org.opencontainers.image.ref.name"];
      return tag === undefined ? [] : [[tag, digest]];
    }),
  );
}

async function requireContent(
  server: RegistryServer,
  { descriptor, blobs, children }: Manifest,
): Promise<void> {
  for (const { digest } of [descriptor, ...blobs.map((blob) => blob.descriptor)]) {
    const hex = digest.slice("sha256:".length);
    const bytes = await readFile(join(server.root, repository, "blobs", "sha256", hex));
    if (createHash("sha256").update(bytes).digest("hex") !== hex) throw new Error(`${digest} is damaged`);
  }
  for (const child of children) await requireContent(server, child);
}

if (import.meta.main) {
  const [count = "125", first = "1"] = process.argv.slice(2);
  const messages = new Map<string, number>();
  let published = 0;
  let requests = 0;
  let faults = 0;
  const started = performance.now();
  for (const persona of Object.values(personas)) {
    for (let seed = Number(first); seed < Number(first) + Number(count); seed += 1) {
      const run = await faultRun(persona, seed).catch((cause: unknown) => {
        throw new Error(`seed ${seed}, ${persona.name}`, { cause });
      });
      requests += run.requests;
      faults += run.faults;
      if (run.outcome === "published") published += 1;
      const shape = run.message?.replace(/127[0-9.:]+/g, "HOST").replace(/[0-9a-f]{64}/g, "…");
      if (shape !== undefined) messages.set(shape, (messages.get(shape) ?? 0) + 1);
    }
  }
  for (const [message, times] of messages) console.log(`${times} × ${message}`);
  const runs = Number(count) * Object.keys(personas).length;
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  console.log(
    `${runs} runs, ${requests} requests, ${faults} of them with a fault, ${seconds} s: ${published} published, ${runs - published} refused.`,
  );
}
