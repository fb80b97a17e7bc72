// What every publishing action says and sends, through the bundle of one of them: helm-oci-push needs the least.
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, jest } from "@jest/globals";
import {
  type ActionProcess,
  pullRequest,
  pushBranch,
  pushTag,
  type RegistryServer,
  runActionProcess,
  startRegistry,
} from "@spin-publisher/sandbox";
import { testNeeding } from "@spin-publisher/sandbox/testing";

const test = testNeeding("the sandbox's runner");

jest.setTimeout(60_000); // every test starts processes, and there may be other work for the cores

const action = join(import.meta.dirname, "../../../actions/helm-oci-push");
const token = "ghs_SandboxJobToken0000000000000000000000";

let workspace: string;
beforeAll(async () => {
  workspace = await mkdtemp(join(tmpdir(), "runtime-"));
  await mkdir(join(workspace, "site"));
});
afterAll(() => rm(workspace, { recursive: true }));

let registry: RegistryServer;
/** Who sent requests to the registry. */
let users: Set<string>;
beforeEach(async () => {
  users = new Set();
  registry = await startRegistry({
    authentication: {
      scheme: "bearer",
      users: { mona: token },
      permits: (user, action) => {
        users.add(user ?? "anonymous");
        return action === "pull" || user !== undefined;
      },
    },
  });
  await writeChart("1.2.3", "a: 1\n");
});
afterEach(() => registry.close());

async function writeChart(version: string, values: string): Promise<void> {
  const chart = `apiVersion: v2\nname: site\nversion: ${version}\ndescription: A site.\n`;
  await writeFile(join(workspace, "site", "Chart.yaml"), chart);
  await writeFile(join(workspace, "site", "values.yaml"), values);
}

/** Publishes the chart, with no helm on PATH. */
function run(inputs: Readonly<Record<string, string>> = {}, options: Partial<ActionProcess> = {}) {
  return runActionProcess({
    action,
    workspace,
    event: pushBranch("main"),
    mirrors: `https://ghcr.io=${registry.origin}`,
    machine: { path: "/nowhere" },
    ...options,
    inputs: { chart: "site", ...inputs },
  });
}

const writes = () => registry.requests.filter(({ method }) => !["GET", "HEAD"].includes(method));

describe("a publication", () => {
  test("has a summary with links to package, commit and run, and lines to copy", async () => {
    const { exitCode, summary, outputs } = await run({ repository: "ghcr.io/Octo-Org/Site/charts" });
    expect(exitCode).toBe(0);
    expect(outputs).toMatchObject({
      repository: "ghcr.io/octo-org/site/charts/site",
      "would-be-refused": "false",
    });
    expect(summary).toContain("### Chart: published");
    expect(summary).toContain(
      "[<code>ghcr.io/octo-org/site/charts/site:1.2.3</code>](https://github.com/octo-org/site/pkgs/container/site%2Fcharts%2Fsite)",
    );
    expect(summary).toMatch(/\[commit\]\(https:\/\/github\.com\/octo-org\/site\/commit\/[0-9a-f]{40}\)/);
    expect(summary).toMatch(/\[run\]\(https:\/\/github\.com\/octo-org\/site\/actions\/runs\/[0-9]+\)/);
    expect(summary).toContain(
      "```sh\nhelm install site oci://ghcr.io/octo-org/site/charts/site --version 1.2.3\n```",
    );
    expect(summary).toContain(`\`\`\`text\n${outputs.reference}\n\`\`\``);
  });

  test("sets the aliases of a release, skips comments, and says what sets none", async () => {
    const release = await run({ aliases: "# those of a release\n\n{major}.{minor}\nv{major}\nauto" });
    expect(release.log).toContain("alias 1.2: moved");
    expect(release.log).toContain("alias v1: moved");
    expect(release.log).toContain("alias main: moved");
    await writeChart("1.2.4-rc.1", "a: 1\n");
    const candidate = await run({ aliases: "auto\n{major}" }, { event: pushTag("chart-1.2.4-rc.1") });
    expect(candidate.log).toContain(
      '"auto" sets no alias: "1.2.4-rc.1" is not a release such as 1.2.3 or v1.2.3.',
    );
    expect(candidate.log).toContain('"{major}" sets no alias: "1.2.4-rc.1" is not a release');
    expect(candidate.exitCode).toBe(0);
  });
});

describe("a refusal", () => {
  test("is in the job summary, with what differs", async () => {
    await run();
    await writeChart("1.2.3", "a: 2\n");
    registry.clearRequests();
    const { exitCode, summary } = await run();
    expect(exitCode).toBe(1);
    expect(summary).toContain("### Chart: failed");
    expect(summary).toMatch(/<ul><li>.*values\.yaml.*<\/li><\/ul>/);
    expect(writes()).toEqual([]);
  });

  test("that a dry run foresees is a warning and an output, with what differs and no command", async () => {
    const first = await run();
    await writeChart("1.2.3", "a: 2\n");
    const { exitCode, annotations, outputs, summary } = await run(
      { "dry-run": "true" },
      { event: pullRequest(), temp: join(workspace, "temp") },
    );
    expect({ exitCode, refused: outputs["would-be-refused"] }).toEqual({ exitCode: 0, refused: "true" });
    const said = annotations.find(({ message }) => message.startsWith("Publishing this would be refused"));
    expect(said?.level).toBe("warning");
    expect(said?.message).toContain(
      `already points at ${first.outputs.digest}, and this run made ${outputs.digest}`,
    );
    expect(said?.message).toContain("values.yaml");
    expect(summary).toContain("**Publishing this would be refused.**");
    expect(summary).toMatch(/<li>.*values\.yaml.*<\/li>/);
    expect(summary).not.toContain("helm install");
  });

  test("is not foreseen where the dry run would publish, or move the tag on purpose", async () => {
    const options = { temp: join(workspace, "temp") };
    expect((await run({ "dry-run": "true" }, options)).outputs["would-be-refused"]).toBe("false");
    await run();
    await writeChart("1.2.3", "a: 2\n");
    const { outputs } = await run({ "dry-run": "true", immutable: "false" }, options);
    expect(outputs["would-be-refused"]).toBe("false");
  });
});

test("a malformed event is a sentence, in the log and in the summary", async () => {
  const payload = join(workspace, "event.json");
  await writeFile(payload, "{");
  const { exitCode, log, summary } = await run({}, { env: { GITHUB_EVENT_PATH: payload } });
  expect(exitCode).toBe(1);
  expect(log).toContain("The event's payload (the file that GITHUB_EVENT_PATH names) is not valid JSON.");
  expect(summary).toContain("### Chart: failed");
});

describe("the job's token", () => {
  test.each([
    ["https://github.com", "ghcr.io"],
    ["https://git.example.com", "containers.git.example.com"],
    ["https://octo.ghe.com", "containers.octo.ghe.com"],
  ])("of %s is sent to %s", async (serverUrl, host) => {
    const { exitCode, summary } = await run(
      { repository: `${host}/octo-org/site/charts` },
      { serverUrl, mirrors: `https://${host}=${registry.origin}` },
    );
    expect({ exitCode, users: [...users] }).toEqual({ exitCode: 0, users: ["mona"] });
    expect(summary).toContain(`${serverUrl}/octo-org/site/pkgs/container/site%2Fcharts%2Fsite`);
  });

  test.each([
    ["https://github.com", "containers.git.example.com"],
    ["https://git.example.com", "ghcr.io"],
    ["https://octo.ghe.com", "containers.other.ghe.com"],
    ["https://github.com", "quay.io"],
  ])("of %s is not sent to %s", async (serverUrl, host) => {
    const { exitCode } = await run(
      { repository: `${host}/octo-org/site/charts` },
      { serverUrl, mirrors: `https://${host}=${registry.origin}` },
    );
    expect({ exitCode, users: [...users] }).toEqual({ exitCode: 1, users: ["anonymous"] });
    expect(writes().filter(({ status }) => status < 400)).toEqual([]);
  });
});
