import { execFileSync } from "node:child_process";
import { appendFile, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect } from "@jest/globals";
import {
  createJobTokens,
  dispatch,
  type JobTokens,
  personas,
  pullRequest,
  pushBranch,
  pushTag,
  type RegistryServer,
  runWorkflow,
  seedSpinImages,
  startRegistry,
  startSigstore,
  startUpstream,
  type Upstream,
  type WorkflowEvent,
  type WorkflowOptions,
  type WorkflowRun,
} from "@spin-publisher/sandbox";
import { testNeeding } from "@spin-publisher/sandbox/testing";
import { copyCheckout } from "../checkout.ts";
import { withStandInPins } from "../stand-in-pins.ts";

const test = testNeeding("the sandbox's runner");

/** What somebody's fork has on GitHub: comments and releases, as far as the workflows write them. */
interface Fork {
  readonly comments: Array<{ id: number; body: string; user: { type: string } }>;
  readonly releases: Array<{ id: number; tag_name: string; draft: boolean; body: string }>;
}

const repository = "Octo-Org/Site";
let folder: string;
let root: string;
let upstream: Upstream;
let registry: RegistryServer;
let tokens: JobTokens;
const fork: Fork = { comments: [], releases: [] };

/** The API of the fork; everything else is answered as by the real services. */
function answerFork(
  method: string,
  path: string,
  body: string,
): { status: number; body: unknown } | undefined {
  const [, rest] = /^\/repos\/Octo-Org\/Site\/([^?]+)/.exec(path) ?? [];
  if (rest === undefined) return undefined;
  const given = body === "" ? {} : JSON.parse(body);
  const list = rest.startsWith("issues/") ? fork.comments : fork.releases;
  if (method === "POST") {
    const created = { id: list.length + 1, user: { type: "Bot" }, ...given };
    list.push(created);
    return { status: 201, body: created };
  }
  if (method === "PATCH") {
    const found = list.find(({ id }) => id === Number(rest.split("/").at(-1)));
    return found === undefined
      ? { status: 404, body: {} }
      : { status: 200, body: Object.assign(found, given) };
  }
  const [, tag] = /^releases\/tags\/(.+)$/.exec(rest) ?? [];
  if (tag === undefined) return { status: 200, body: list };
  const release = fork.releases.find(({ tag_name: name, draft }) => name === tag && !draft);
  return release === undefined ? { status: 404, body: {} } : { status: 200, body: release };
}

const git = (...args: string[]) =>
  execFileSync("git", ["-c", "user.name=Mona", "-c", "user.email=mona@example.com", ...args], {
    cwd: root,
    encoding: "utf8",
  }).trim();
const edit = async (file: string, change: (text: string) => string) =>
  writeFile(join(root, file), change(await readFile(join(root, file), "utf8")));

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "rehearsal-test-"));
  root = join(folder, "checkout");
  upstream = await startUpstream({
    answer: ({ host, method, path, body }, usual) => {
      const answer = host === "api.github.com" ? answerFork(method, path, body.toString()) : undefined;
      if (answer === undefined) return usual;
      return {
        status: answer.status,
        headers: { "content-type": "application/json" },
        body: JSON.stringify(answer.body),
      };
    },
  });
  tokens = createJobTokens();
  const images = join(folder, "registry");
  await seedSpinImages(images);
  registry = await startRegistry({
    root: images,
    authentication: tokens.authentication,
    persona: personas.ghcr,
  });
  await copyCheckout(join(import.meta.dirname, "../.."), root);
  const digests = await upstream.moduleDigests();
  await edit("site/spin.toml", (text) => withStandInPins(text, digests).text);
  git("init", "--quiet", "--initial-branch=main");
  git("add", ".");
  git("commit", "--quiet", "-m", "Fork");
}, 120_000);

afterAll(async () => {
  await registry.close();
  await upstream.close();
  await rm(folder, { recursive: true, force: true });
});

/** The commit that is checked out. */
const head = () => ({
  repository,
  sha: git("rev-parse", "HEAD"),
  timestamp: git("log", "-1", "--format=%cI"),
  // GitHub attests what is public only, and is not there to do it.
  private: true,
});

function attempt(
  event: WorkflowEvent,
  variables: Readonly<Record<string, string>> = {},
  options: Partial<WorkflowOptions> = {},
): Promise<WorkflowRun> {
  return runWorkflow({
    file: join(root, ".github/workflows/consolidated.yaml"),
    workspace: root,
    event,
    mirrors: `${upstream.mirrors}\nhttps://ghcr.io=${registry.origin}`,
    variables: { SKIP_SPIN_UP: "true", ...variables },
    issueToken: tokens.issue,
    ...options,
  });
}

/** Runs what must succeed. */
async function run(...what: Parameters<typeof attempt>): Promise<WorkflowRun> {
  const result = await attempt(...what);
  const failed = result.jobs.flatMap(({ steps }) => steps).find(({ conclusion }) => conclusion === "failure");
  expect(failed?.log).toBeUndefined();
  return result;
}

/** Tag → digest of a repository in the registry. */
async function tagsOf(name: string): Promise<Readonly<Record<string, string>>> {
  const token = tokens.issue(repository, { packages: "read" });
  const { token: bearer } = Object(
    await (
      await fetch(`${registry.origin}/token?service=ghcr.io&scope=repository:${name}:pull`, {
        headers: { authorization: `Basic ${Buffer.from(`mona:${token}`).toString("base64")}` },
      })
    ).json(),
  );
  const get = (path: string) =>
    fetch(`${registry.origin}/v2/${name}/${path}`, {
      headers: {
        authorization: `Bearer ${bearer}`,
        accept: "application/vnd.oci.image.index.v1+json, application/vnd.oci.image.manifest.v1+json",
      },
    });
  const list = await get("tags/list");
  if (list.status === 404) return {};
  const { tags = [] }: { tags?: readonly string[] } = Object(await list.json());
  const digests = await Promise.all(
    tags.map(async (tag): Promise<[string, string]> => {
      const response = await get(`manifests/${tag}`);
      await response.arrayBuffer();
      return [tag, response.headers.get("docker-content-digest") ?? ""];
    }),
  );
  return Object.fromEntries(digests);
}
const summaries = ({ jobs }: WorkflowRun) =>
  jobs.flatMap(({ steps }) => steps.map(({ summary }) => summary)).join("\n");

describe("somebody's fork, from the first run to a release", () => {
  const automatic = () => `main-${head().sha.slice(0, 8)}-${Date.parse(head().timestamp) / 1000}`;
  let built = "";

  test("starts by hand, without a commit", async () => {
    const page = summaries(await run(dispatch("refs/heads/main", {}, head())));
    built = automatic();
    expect(Object.keys(await tagsOf("octo-org/site"))).toEqual(["main", built].sort());
    expect(page).toContain("### Published");
    expect(page).toContain(`ghcr.io/octo-org/site/content:${built}`);
  }, 120_000);

  test("publishes a page that was pushed", async () => {
    await appendFile(join(root, "site/content/index.md"), "\nWritten in the fork.\n");
    git("commit", "--quiet", "--all", "-m", "A page");
    const page = summaries(await run(pushBranch("main", head())));
    const tags = await tagsOf("octo-org/site/content");
    expect(Object.keys(tags).sort()).toEqual(["main", built, automatic()].sort());
    expect(tags.main).toBe(tags[automatic()]);
    expect(tags[built]).not.toBe(tags.main);
    expect(page).toContain("Changed in the content: 1");
    expect(page).toContain("index.md");
    built = automatic();
  }, 120_000);

  test("compares a stranger's pull request, with a token that only reads and no comment", async () => {
    const before = await tagsOf("octo-org/site");
    await appendFile(join(root, "site/content/index.md"), "\nWritten by a stranger.\n");
    git("commit", "--quiet", "--all", "-m", "A stranger's page");
    const result = await run(pullRequest({ ...head(), fork: true, headSha: head().sha }), {
      PREVIEWS: "true",
    });
    git("reset", "--quiet", "--hard", "HEAD~1");
    expect(summaries(result)).toContain("### What merging would publish");
    expect(summaries(result)).toContain("Changed in the content: 1");
    expect(await tagsOf("octo-org/site")).toEqual(before);
    expect(fork.comments).toEqual([]);
  }, 120_000);

  test("stops a pull request whose site is broken before anything is built, and shows the line", async () => {
    await appendFile(join(root, "site/content/about.md"), "\n[Gone](gone.md)\n");
    git("commit", "--quiet", "--all", "-m", "A broken link");
    const result = await attempt(pullRequest({ ...head(), fork: true, headSha: head().sha }));
    git("reset", "--quiet", "--hard", "HEAD~1");
    const steps = result.jobs.flatMap(({ steps }) => steps);
    const outcome = (name: string) => steps.find((step) => step.name === name)?.outcome;
    expect([outcome("Check the site"), outcome("Build the content")]).toEqual(["failure", "skipped"]);
    expect(steps.flatMap(({ annotations }) => annotations)).toContainEqual({
      ...{ level: "error", file: "site/content/about.md", line: expect.any(Number) },
      message: '"gone.md" does not exist: there is no page content/gone.md.',
    });
  }, 120_000);

  test("previews its own pull request, and comments once", async () => {
    const event = pullRequest({ ...head(), number: 7, headSha: head().sha });
    await run(event, { PREVIEWS: "true" });
    const preview = `pr-7-${head().sha.slice(0, 8)}`;
    expect(Object.keys(await tagsOf("octo-org/site"))).toContain(preview);
    expect(fork.comments.map(({ body }) => body.includes(preview))).toEqual([true]);
    await run(event, { PREVIEWS: "true" });
    expect(fork.comments).toHaveLength(1);
  }, 120_000);

  test("releases what was tested, by promotion", async () => {
    const before = await tagsOf("octo-org/site");
    await run(pushTag("0.1.0", head()), { PROMOTE: "true" });
    for (const name of ["octo-org/site", "octo-org/site/content"]) {
      const tags = await tagsOf(name);
      expect([tags["0.1.0"], tags.latest]).toEqual([tags[built], tags[built]]);
    }
    expect((await tagsOf("octo-org/site"))["0.1.0"]).toBe(before[built]);
    expect(fork.releases).toMatchObject([{ tag_name: "0.1.0", draft: false }]);
    expect(fork.releases[0]?.body).toContain("ghcr.io/octo-org/site:0.1.0");
  }, 120_000);

  test("releases again without a change", async () => {
    const page = summaries(await run(pushTag("0.1.0", head()), { PROMOTE: "true" }));
    expect(page).toContain("### Nothing changed");
    expect(fork.releases).toHaveLength(1);
  }, 120_000);

  test("releases the chart, which installs the fork's own shim", async () => {
    const [, version = ""] =
      /^version: "?([^"\n]+)/m.exec(await readFile(join(root, "charts/bart/Chart.yaml"), "utf8")) ?? [];
    await run(pushTag(`chart-${version}`, head()));
    expect(Object.keys(await tagsOf("octo-org/site/charts/bart"))).toEqual([version]);
    expect(fork.releases.map(({ tag_name: tag }) => tag)).toEqual(["0.1.0", `chart-${version}`]);
  }, 120_000);

  test("signs what a public repository publishes, and shows how to verify it", async () => {
    const sigstore = await startSigstore();
    try {
      await appendFile(join(root, "site/content/index.md"), "\nSigned.\n");
      git("commit", "--quiet", "--all", "-m", "Signed");
      const event = pushBranch("main", { ...head(), private: false });
      const signing = {
        mirrors: `${upstream.mirrors}\n${sigstore.mirrors}\nhttps://ghcr.io=${registry.origin}`,
        serviceVariables: sigstore.env,
        standIns: { "actions/attest": async () => ({ log: "attested" }) },
      };
      const page = summaries(await run(event, {}, signing));
      for (const name of ["octo-org/site", "octo-org/site/content"]) {
        const tags = await tagsOf(name);
        expect(page).toContain(`cosign verify ghcr.io/${name}@${tags[automatic()]} --certificate-identity `);
        expect(tags).toHaveProperty([String(tags[automatic()]).replace(":", "-")]);
      }
      const signed = sigstore.requests.filter((request) => request.endsWith("/log/entries"));
      expect(signed).toHaveLength(2 * 2); // a signature and the provenance, of the content and the shim
    } finally {
      await sigstore.close();
    }
  }, 120_000);

  test("is told when a tag publishes nothing", async () => {
    await writeFile(
      join(root, ".github/workflows/empty.yaml"),
      `name: empty
on: push
jobs:
  publish:
    permissions: { contents: read, packages: write, id-token: write }
    uses: $/.github/workflows/publish.yaml
    with: { manifest: site/spin.toml }
`,
    );
    const result = await runWorkflow({
      file: join(root, ".github/workflows/empty.yaml"),
      workspace: root,
      event: pushTag("chart-9.9.9", head()),
      mirrors: `${upstream.mirrors}\nhttps://ghcr.io=${registry.origin}`,
      variables: { SKIP_SPIN_UP: "true" },
      issueToken: tokens.issue,
    });
    expect(result.conclusion).toBe("failure");
    const [error] = result.jobs.flatMap(({ steps }) => steps.flatMap(({ annotations }) => annotations));
    expect(error?.message).toBe(
      'Nothing was published for refs/tags/chart-9.9.9; set "manifest" for a site, or "chart" for a tag chart-<version>.',
    );
  }, 120_000);
});
