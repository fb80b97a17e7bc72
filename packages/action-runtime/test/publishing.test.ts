import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, jest, test } from "@jest/globals";
import { createFetch } from "@spin-publisher/http";
import {
  type Artifact,
  blobOf,
  manifestOf,
  mediaTypes,
  parseRepository,
  type TargetState,
} from "@spin-publisher/oci";
import { type RegistryServer, startRegistry } from "@spin-publisher/sandbox";
import { type GitHubEvent, packagesHost, readPublishingInputs, runPublishing } from "../src/index.ts";

const event: GitHubEvent = {
  name: "push",
  pushed: { kind: "tag", name: "0.1.2" },
  sha: "0a1b2c3d4e5f60718293a4b5c6d7e8f901234567",
  repository: { owner: "o", name: "site" },
  serverUrl: "https://github.com",
  actor: "ada",
  payloadEpoch: undefined,
  runId: 4242,
};

const defaults = {
  "registry-username": "ada",
  "registry-password": "job-token",
  "github-token": "job-token",
  immutable: "true",
  insecure: "false",
  "dry-run": "false",
  aliases: "auto",
  annotations: "",
  sign: "auto",
  "trusted-root": "",
};

let folder: string;
let registry: RegistryServer;
/** Who asked the registry for anything. */
let users: Set<string>;
const environment = { ...process.env };

// One folder for all tests: the toolkit's summary remembers its file for the life of the process.
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "publishing-"));
  await mkdir(join(folder, "docker"));
});
afterAll(() => rm(folder, { recursive: true }));

beforeEach(async () => {
  users = new Set();
  registry = await startRegistry({
    authentication: {
      scheme: "bearer",
      users: { ada: "job-token", grace: "own-password" },
      permits: (user, action) => {
        users.add(user ?? "anonymous");
        return action === "pull" || user !== undefined;
      },
    },
  });
  process.env.DOCKER_CONFIG = join(folder, "docker");
  process.env.RUNNER_TEMP = folder;
  for (const name of ["OUTPUT", "STEP_SUMMARY", "ARTIFACTS"]) {
    process.env[`GITHUB_${name}`] = join(folder, name);
    await writeFile(join(folder, name), "");
  }
});

afterEach(async () => {
  process.env = environment;
  await registry.close();
});

const artifact = (page: string, version?: string): Artifact => {
  const config = blobOf(mediaTypes.config, "{}");
  const layer = blobOf(mediaTypes.layerTarGzip, page);
  const document = {
    schemaVersion: 2,
    config: config.descriptor,
    layers: [layer.descriptor],
    ...(version === undefined ? {} : { annotations: { "org.opencontainers.image.version": version } }),
  };
  return { root: manifestOf(mediaTypes.manifest, JSON.stringify(document), { blobs: [config, layer] }) };
};

/** Runs the flow as an action does, and returns the outputs it wrote. */
async function run(
  made: Artifact,
  { tag = "0.1.2", repository = "ghcr.io/o/site", ...given }: Record<string, string> = {},
  about: GitHubEvent = event,
  seen: (state: TargetState) => void = () => {},
): Promise<Readonly<Record<string, string>>> {
  for (const [name, value] of Object.entries({ ...defaults, ...given })) {
    process.env[`INPUT_${name.toUpperCase()}`] = value;
  }
  await writeFile(join(folder, "OUTPUT"), "");
  const mirrors = [{ origin: "https://ghcr.io", target: registry.origin }];
  const inputs = { ...(await readPublishingInputs(about)), fetch: createFetch({ mirrors }) };
  await runPublishing({
    inputs,
    what: "content",
    repository: parseRepository(repository),
    tag,
    build: async (state) => {
      seen(await state);
      return {
        artifact: made,
        outputs: { "build-id": tag },
        describeDifference: async () => ["page.md (changed: 4 B → 7 B)"],
      };
    },
    usage: (address, { plainHttp }) => `use ${address}${plainHttp ? " --plain" : ""}`,
  });
  const written = await readFile(join(folder, "OUTPUT"), "utf8");
  return Object.fromEntries(
    [...written.matchAll(/^(.+?)<<(.+)\n([\s\S]*?)\n?\2$/gm)].map(([, name = "", , value = ""]) => [
      name,
      value,
    ]),
  );
}

describe("publishing", () => {
  test("writes every output of the contract, the summary, and the subject for an attestation", async () => {
    const made = artifact("page", "0.1.2");
    const { digest } = made.root.descriptor;
    const reference = `ghcr.io/o/site:0.1.2@${digest}`;
    const bytes = made.root.bytes.length;
    expect(await run(made)).toEqual({
      reference,
      digest,
      tag: "0.1.2",
      repository: "ghcr.io/o/site",
      changed: "true",
      "would-be-refused": "false",
      // config and layer, then the manifest to the tag and to `latest`
      "uploaded-bytes": String("{}".length + "page".length + 2 * bytes),
      layout: "",
      signature: "",
      report: expect.stringContaining(`{"kind":"content","reference":"${reference}",`),
      "build-id": "0.1.2",
    });
    const summary = await readFile(join(folder, "STEP_SUMMARY"), "utf8");
    expect(summary).toContain(`\`\`\`text\n${reference}\n\`\`\``);
    expect(summary).toContain(`\`\`\`sh\nuse ghcr.io/o/site@${digest}\n\`\`\``);
    expect(await readFile(join(folder, "ARTIFACTS"), "utf8")).toBe(`oci://${reference}\n`);
  });

  test("publishing the same again changes nothing and reads the tag and its alias only", async () => {
    await run(artifact("page", "0.1.2"));
    registry.clearRequests();
    expect(await run(artifact("page", "0.1.2"))).toMatchObject({ changed: "false", "uploaded-bytes": "0" });
    const answered = registry.requests.filter(
      ({ path, status }) => path.startsWith("/v2/o/site/") && status !== 401,
    );
    expect(answered.map(({ method }) => method)).toEqual(["GET", "GET"]);
  });

  test("another page under the same tag is refused before anything is sent", async () => {
    const first = await run(artifact("page", "0.1.2"));
    registry.clearRequests();
    const other = artifact("changed", "0.1.2");
    const refused = run(other);
    await expect(refused).rejects.toThrow(first.digest);
    await expect(refused).rejects.toThrow(other.root.descriptor.digest);
    await expect(refused).rejects.toThrow(/0\.1\.2.*immutable: false/s);
    expect(registry.requests.filter(({ method }) => method !== "GET")).toEqual([]);
  });

  test("an alias never moves back to an older release", async () => {
    await run(artifact("new", "0.2.0"), { tag: "0.2.0" });
    const { digest } = await run(artifact("old", "0.1.2"));
    const latest = await (
      await fetch(`${registry.origin}/v2/o/site/manifests/latest`, { headers: await pullHeaders() })
    ).text();
    expect(latest).not.toContain("0.1.2");
    expect(latest).toContain("0.2.0");
    expect(digest).toBe(artifact("old", "0.1.2").root.descriptor.digest);
  });

  test("a dry run leaves a layout and writes nothing to the registry", async () => {
    const { layout = "", changed, reference } = await run(artifact("page"), { "dry-run": "true" });
    expect(changed).toBe("true");
    expect(reference).toMatch(/^ghcr\.io\/o\/site:0\.1\.2@sha256:/);
    expect((await readdir(join(layout, "blobs", "sha256"))).length).toBe(3);
    expect(registry.requests.filter(({ method }) => method !== "GET")).toEqual([]);
    const summary = await readFile(join(folder, "STEP_SUMMARY"), "utf8");
    expect(summary).toContain("### Content: built, not published");
    expect(summary).not.toContain("use ghcr.io");
  });

  test.each([
    ["true", "true"],
    ["false", "false"],
  ])(
    "a dry run of another page, immutable: %s, says whether it would be refused: %s",
    async (immutable, refused) => {
      const { digest } = await run(artifact("page", "0.1.2"));
      await writeFile(join(folder, "STEP_SUMMARY"), "");
      const outputs = await run(artifact("changed"), { "dry-run": "true", immutable });
      expect(outputs["would-be-refused"]).toBe(refused);
      const summary = await readFile(join(folder, "STEP_SUMMARY"), "utf8");
      expect(summary.includes("<li>page.md (changed: 4 B → 7 B)</li>")).toBe(refused === "true");
      expect(summary.includes(`already points at ${digest}`)).toBe(refused === "true");
    },
  );

  test("sets the aliases of a release that are asked for, and none for another build", async () => {
    await run(artifact("page", "1.2.3"), {
      tag: "v1.2.3",
      aliases: "auto\n# a comment\n{major}.{minor}\n{major}",
    });
    const headers = await pullHeaders();
    const tags = async () =>
      JSON.parse(await (await fetch(`${registry.origin}/v2/o/site/tags/list`, { headers })).text()).tags;
    expect(await tags()).toEqual(["1", "1.2", "latest", "v1.2.3"]);
    await run(artifact("other"), { tag: "nightly", aliases: "{major}" });
    expect(await tags()).toEqual(["1", "1.2", "latest", "nightly", "v1.2.3"]);
  });
});

test("a dry run whose builder fails says nothing about a target that it stopped reading", async () => {
  for (const [name, value] of Object.entries({ ...defaults, "dry-run": "true" })) {
    process.env[`INPUT_${name.toUpperCase()}`] = value;
  }
  const fetch = () => Promise.reject(new DOMException("This operation was aborted", "AbortError"));
  const inputs = { ...(await readPublishingInputs(event)), fetch };
  const stdout = jest.spyOn(process.stdout, "write").mockImplementation(() => true);
  const failing = runPublishing({
    inputs,
    what: "shim",
    repository: parseRepository("ghcr.io/o/site"),
    tag: "0.1.2",
    build: async (state) => {
      await Promise.allSettled([state]);
      throw new Error("There is no content.");
    },
    usage: () => "",
  });
  await expect(failing).rejects.toThrow("There is no content.");
  const said = stdout.mock.calls.map(([text]) => String(text)).join("");
  stdout.mockRestore();
  expect(said).toContain("Publishing shim");
  expect(said).not.toContain("compared with nothing");
});

describe("a pull request", () => {
  const request: GitHubEvent = {
    ...event,
    name: "pull_request",
    pushed: { kind: "pull-request", number: 7 },
  };

  test.each([
    ["auto", "false", true],
    ["auto", "true", true],
    ["pr-7", "false", false],
    ["pr-7", "true", true],
  ])("with tag %s and dry-run %s is only built: %s", async (tag, dryRun, expected) => {
    for (const [name, value] of Object.entries({ ...defaults, tag, "dry-run": dryRun })) {
      process.env[`INPUT_${name.toUpperCase()}`] = value;
    }
    expect((await readPublishingInputs(request)).dryRun).toBe(expected);
  });

  test("is compared with the branch that it is merged into, whose alias stays", async () => {
    const published = artifact("page");
    const branch: GitHubEvent = { ...event, pushed: { kind: "branch", name: "main" } };
    await run(published, { tag: "main-0a1b2c3d-1760000000" }, branch);
    const previous: (string | undefined)[] = [];
    const seen = (state: TargetState) => previous.push(state.previous?.descriptor.digest);
    const head = { ...request, base: "main" };
    const outputs = await run(artifact("other"), { tag: "auto", "dry-run": "true" }, head, seen);
    expect(previous).toEqual([published.root.descriptor.digest]);
    expect(outputs["would-be-refused"]).toBe("false");
    await run(artifact("other"), { tag: "pr-7-0a1b2c3d" }, head, seen);
    expect(previous.slice(1)).toEqual([undefined]);
    const response = await fetch(`${registry.origin}/v2/o/site/manifests/main`, {
      headers: await pullHeaders(),
    });
    expect(response.headers.get("docker-content-digest")).toBe(published.root.descriptor.digest);
  });
});

describe("credentials", () => {
  test("the job's token is for GitHub's registry", async () => {
    await run(artifact("page"));
    expect(users).toEqual(new Set(["ada"]));
  });

  test("and is not sent to any other registry", async () => {
    await expect(run(artifact("page"), { repository: `${registry.host}/o/site` })).rejects.toThrow();
    expect(users).toEqual(new Set(["anonymous"]));
  });

  test("those given as inputs go to the registry that is published to", async () => {
    await run(artifact("page"), {
      repository: `${registry.host}/o/site`,
      "registry-username": "grace",
      "registry-password": "own-password",
    });
    expect(users).toEqual(new Set(["grace"]));
  });

  test("Docker's configuration wins over the job's token", async () => {
    const auth = Buffer.from("grace:own-password").toString("base64");
    const config = join(folder, "docker", "config.json");
    await writeFile(config, JSON.stringify({ auths: { "ghcr.io": { auth } } }));
    await run(artifact("page")).finally(() => rm(config));
    expect(users).toEqual(new Set(["grace"]));
  });

  test.each([
    ["https://github.com", "ghcr.io"],
    ["https://github.example.com", "containers.github.example.com"],
    ["https://octo.ghe.com", "containers.octo.ghe.com"],
  ])("the registry of %s is %s", (server, host) => {
    expect(packagesHost(server)).toBe(host);
  });
});

async function pullHeaders(): Promise<Record<string, string>> {
  const answer = await fetch(`${registry.origin}/token?service=sandbox&scope=repository:o/site:pull`);
  const { token } = JSON.parse(await answer.text());
  return { authorization: `Bearer ${token}`, accept: mediaTypes.manifest };
}
