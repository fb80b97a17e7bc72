// Flux's policies take the build of a branch with the highest commit time: what happens where that is not the newest.
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, jest } from "@jest/globals";
import { createRegistryClient, formatReference, inspectTarget, publish } from "@spin-publisher/oci";
import {
  pushBranch,
  type RegistryServer,
  runActionProcess,
  seedSpinImages,
  spinReleases,
  startRegistry,
  startUpstream,
  type Upstream,
} from "@spin-publisher/sandbox";
import { testNeeding } from "@spin-publisher/sandbox/testing";
import { site } from "./stored-images.ts";

const test = testNeeding("the sandbox's runner");

jest.setTimeout(60_000); // every test starts processes, and there may be other work for the cores

let upstream: Upstream;
let registry: RegistryServer;
let content: string;
beforeAll(async () => {
  [registry, upstream] = await Promise.all([startRegistry(), startUpstream()]);
  const releases = spinReleases.filter(({ tag }) => tag === "v4.0.2");
  await seedSpinImages(registry.root, releases);
  content = await published();
});
afterAll(() => Promise.all([registry.close(), upstream.close()]));

/** Publishes content as spin-registry-push would, and returns its reference with digest. */
async function published(): Promise<string> {
  const repository = { registry: registry.host, name: "octo-org/site/content" };
  const client = createRegistryClient();
  const state = await inspectTarget(client, { repository, tag: "1", aliases: [] });
  const { digest } = await publish(client, { root: await site() }, state, { immutable: true });
  return formatReference({ ...repository, registry: "ghcr.io", digest });
}

/** Publishes the shim of a commit to `main`, and returns its tag and warnings. */
async function shim(sha: string, timestamp: string) {
  const { exitCode, outputs, annotations, log } = await runActionProcess({
    action: join(import.meta.dirname, ".."),
    workspace: import.meta.dirname,
    mirrors: `${upstream.mirrors}\nhttps://ghcr.io=${registry.origin}`,
    inputs: { content, image: "ghcr.io/octo-org/ordered", embed: "none", aliases: "auto" },
    event: pushBranch("main", { sha: sha.repeat(40), timestamp }),
  });
  expect({ exitCode, log }).toEqual({ exitCode: 0, log: expect.stringContaining("alias main: ") });
  const warnings = annotations.filter(({ level }) => level === "warning").map(({ message }) => message);
  return { tag: outputs.tag ?? "", warnings };
}

describe("a later push", () => {
  test("whose commit is newer sorts last; of the same second or older, it warns", async () => {
    const first = await shim("1", "2026-11-20T10:00:00Z");
    expect(first).toEqual({ tag: "main-11111111-1795168800", warnings: [] });
    const newer = await shim("2", "2026-11-20T10:00:01Z");
    expect(newer.warnings).toEqual([]);
    const same = await shim("3", "2026-11-20T10:00:01Z");
    expect(same.warnings).toEqual([
      expect.stringContaining(`${same.tag} does not sort last: ${newer.tag}, to which "main" pointed before`),
    ]);
    expect(same.warnings[0]).toContain("committed in the same second");
    const older = await shim("4", "2026-11-20T09:00:00Z");
    expect(older.warnings[0]).toContain("committed later");
  });

  test("of the same commit again warns of nothing", async () => {
    await shim("5", "2026-11-21T10:00:00Z");
    expect((await shim("5", "2026-11-21T10:00:00Z")).warnings).toEqual([]);
  });
});
