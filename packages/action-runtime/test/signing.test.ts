import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { createFetch, type Fetch, parseMirrors } from "@spin-publisher/http";
import {
  type Artifact,
  blobOf,
  createRegistryClient,
  type Manifest,
  manifestOf,
  mediaTypes,
  type Platform,
  parseRepository,
  referrersTag,
} from "@spin-publisher/oci";
import {
  faultOn,
  type Persona,
  personas,
  type RegistryServer,
  type SigstoreServer,
  startRegistry,
  startSigstore,
} from "@spin-publisher/sandbox";
import { type GitHubEvent, readPublishingInputs, runPublishing } from "../src/index.ts";

const event: GitHubEvent = {
  name: "push",
  pushed: { kind: "tag", name: "0.1.2" },
  sha: "0a1b2c3d4e5f60718293a4b5c6d7e8f901234567",
  repository: { owner: "octo", name: "site" },
  visibility: "public",
  serverUrl: "https://github.com",
  actor: "ada",
  payloadEpoch: undefined,
  runId: 4242,
};

const identity = "https://github.com/octo/site/.github/workflows/publish.yaml@refs/tags/0.1.2";
const issuer = "https://token.actions.githubusercontent.com";
const signaturePredicate = "https://sigstore.dev/cosign/sign/v1";
const provenancePredicate = "https://slsa.dev/provenance/v1";

let folder: string;
let sigstore: SigstoreServer;
let registry: RegistryServer;
let fetch: Fetch;
const environment = { ...process.env };

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "signing-"));
  await mkdir(join(folder, "docker"));
  sigstore = await startSigstore();
  await writeFile(join(folder, "trusted_root.json"), sigstore.trustRoot);
});
afterAll(async () => {
  await sigstore.close();
  await rm(folder, { recursive: true });
});

beforeEach(async () => {
  sigstore.fault = () => undefined;
  sigstore.requests.length = 0;
  await open({});
  process.env.DOCKER_CONFIG = join(folder, "docker");
  process.env.RUNNER_TEMP = folder;
  delete process.env.GITHUB_STEP_SUMMARY;
  process.env.GITHUB_OUTPUT = join(folder, "OUTPUT");
  Object.assign(process.env, sigstore.env);
});

afterEach(async () => {
  process.env = { ...environment };
  await registry.close();
});

async function open(options: { readonly persona?: Persona }): Promise<void> {
  await registry?.close();
  registry = await startRegistry(options);
  const mirrors = [...parseMirrors(sigstore.mirrors), { origin: "https://ghcr.io", target: registry.origin }];
  fetch = createFetch({ mirrors, retry: { attempts: 2, firstDelay: 1 } });
}

const content = (page: string): Artifact => ({ root: image(page) });
const shim = (page: string): Artifact => {
  const children = ["amd64", "arm64"].map((architecture) => image(page, { os: "linux", architecture }));
  const attestation = image("attestation", { os: "unknown", architecture: "unknown" });
  const all = [...children, attestation];
  const document = JSON.stringify({
    schemaVersion: 2,
    mediaType: mediaTypes.index,
    manifests: all.map(({ descriptor }) => descriptor),
  });
  return { root: manifestOf(mediaTypes.index, document, { children: all }) };
};

function image(page: string, platform?: Platform): Manifest {
  const blobs = [
    blobOf(mediaTypes.config, JSON.stringify({ platform })),
    blobOf(mediaTypes.layerTarGzip, page),
  ];
  const [config, layer] = blobs.map(({ descriptor }) => descriptor);
  const document = JSON.stringify({ schemaVersion: 2, config, layers: [layer] });
  return manifestOf(mediaTypes.manifest, document, { blobs }, platform === undefined ? {} : { platform });
}

const defaults = {
  "registry-username": "ada",
  "registry-password": "job-token",
  "github-token": "job-token",
  immutable: "true",
  insecure: "false",
  "dry-run": "false",
  promote: "",
  aliases: "latest",
  annotations: "",
  sign: "auto",
};

/** Runs the flow as an action does, and returns the outputs it wrote. */
async function run(made: Artifact, given: Record<string, string> = {}, occasion: Partial<GitHubEvent> = {}) {
  const inputs = { ...defaults, "trusted-root": join(folder, "trusted_root.json"), ...given };
  for (const [name, value] of Object.entries(inputs)) process.env[`INPUT_${name.toUpperCase()}`] = value;
  await writeFile(join(folder, "OUTPUT"), "");
  await runPublishing({
    inputs: { ...(await readPublishingInputs({ ...event, ...occasion })), fetch },
    what: "content",
    repository: parseRepository("ghcr.io/octo/site"),
    tag: "0.1.2",
    build: async () => ({
      artifact: made,
      materials: [{ uri: "oci://ghcr.io/octo/base:1", digest: made.root.descriptor.digest }],
    }),
    usage: (address) => `use ${address}`,
  });
  const written = await readFile(join(folder, "OUTPUT"), "utf8");
  const outputs: Record<string, string> = Object.fromEntries(
    [...written.matchAll(/^(.+?)<<(.+)\n([\s\S]*?)\n?\2$/gm)].map(([, name = "", , value = ""]) => [
      name,
      value,
    ]),
  );
  return outputs;
}

interface Statement {
  readonly predicateType: string;
  readonly predicate: { readonly buildDefinition: { readonly resolvedDependencies: object[] } };
}

/** The statements attached to a digest, read without the code under test. */
async function statementsAbout(digest: string): Promise<readonly Statement[]> {
  // biome-ignore lint/suspicious/noExplicitAny: documents of three kinds, and a wrong one fails the test
  const at = async (path: string): Promise<any> => {
    const response = await globalThis.fetch(`${registry.origin}/v2/octo/site/${path}`, {
      headers: { accept: `${mediaTypes.index}, ${mediaTypes.manifest}` },
    });
    return response.status === 200 ? response.json() : undefined;
  };
  const list = (await at(`referrers/${digest}`)) ?? (await at(`manifests/${digest.replace(":", "-")}`));
  return Promise.all(
    (list?.manifests ?? []).map(async (entry: { digest: string }) => {
      const { layers } = await at(`manifests/${entry.digest}`);
      const bundle = await at(`blobs/${layers[0].digest}`);
      return JSON.parse(Buffer.from(bundle.dsseEnvelope.payload, "base64").toString());
    }),
  );
}

const typesAbout = async (digest: string) =>
  (await statementsAbout(digest)).map(({ predicateType }) => predicateType).sort();

const both = [signaturePredicate, provenancePredicate].sort();

/** Requests to Sigstore, without those that only ask for the token. */
const logged = () => sigstore.requests.filter((request) => request !== "GET /token");
const puts = () => registry.requests.filter(({ method, kind }) => method === "PUT" && kind === "manifest");

describe.each([
  ["with a list of referrers", {}],
  ["without one", { persona: personas.ghcr }],
])("on a registry %s", (_what, options) => {
  beforeEach(() => open(options));

  test("an artifact is signed, and has its provenance", async () => {
    const made = content("page");
    const { signature, digest = "", report = "{}" } = await run(made);
    expect(signature).toMatch(/^sha256:[0-9a-f]{64}$/);
    expect(await typesAbout(digest)).toEqual(both);
    expect(JSON.parse(report).commands).toEqual([
      `use ghcr.io/octo/site@${digest}`,
      `cosign verify ghcr.io/octo/site@${digest} --certificate-identity ${identity} --certificate-oidc-issuer ${issuer} --certificate-github-workflow-repository octo/site`,
    ]);
  });

  test("an index is signed with each of its images, but not with attestations", async () => {
    const { root } = shim("page");
    await run({ root });
    const subjects = [root, ...root.children].map(({ descriptor }) => descriptor.digest);
    const types = await Promise.all(subjects.map(typesAbout));
    expect(types).toEqual([both, both, both, []]);
  });

  test("a run that changes nothing adds no signature, and names the one that exists", async () => {
    const { root } = shim("page");
    const first = await run({ root });
    sigstore.requests.length = 0;
    registry.clearRequests();
    const second = await run({ root });
    expect(second).toMatchObject({ changed: "false", signature: first.signature });
    expect(sigstore.requests).toEqual(["GET /token"]);
    expect(puts()).toEqual([]);
    expect(await typesAbout(root.descriptor.digest)).toEqual(both);
  });

  test("another identity signs too: a build of a branch is not that of a tag", async () => {
    const made = content("page");
    await run(made);
    const { claims } = sigstore;
    sigstore.claims = { ...claims, job_workflow_ref: "octo/site/.github/workflows/ci.yaml@refs/heads/main" };
    const { digest = "" } = await run(made);
    sigstore.claims = claims;
    expect(await typesAbout(digest)).toEqual([...both, ...both].sort());
  });

  test("another repository that calls the same workflow signs for itself", async () => {
    const made = content("page");
    await run(made);
    const { claims } = sigstore;
    sigstore.claims = { ...claims, repository: "other/site" };
    const { digest = "", report = "{}" } = await run(made);
    sigstore.claims = claims;
    expect(await typesAbout(digest)).toEqual([...both, ...both].sort());
    expect(JSON.parse(report).commands[1]).toContain("--certificate-github-workflow-repository other/site");
  });

  test("what a run that was ended has not attached is attached by the next", async () => {
    const { root } = shim("page");
    sigstore.fault = (request) =>
      request.endsWith("/log/entries") ? { status: 400, body: "{}" } : undefined;
    await expect(run({ root })).rejects.toThrow("is not signed");
    sigstore.fault = () => undefined;
    // The index alone is signed, as if the images had been added later.
    await run({ root: root.children[0] as Manifest }, { "dry-run": "false", immutable: "false" });
    await run({ root }, { immutable: "false" });
    expect(
      await Promise.all([root, ...root.children].map(({ descriptor }) => typesAbout(descriptor.digest))),
    ).toEqual([both, both, both, []]);
  });
});

describe("requests", () => {
  test("a signature takes three round trips to Sigstore, whatever the number of images; its provenance runs beside it", async () => {
    await run(shim("page"));
    const [first, second, ...others] = sigstore.requests;
    expect([first, second]).toEqual(["GET /token", "POST /api/v2/signingCert"]);
    // The certificate of the one and the log entry of the other have no order.
    expect(others.toSorted()).toEqual([
      "POST /api/v1/log/entries",
      "POST /api/v1/log/entries",
      "POST /api/v2/signingCert",
    ]);
  });

  test("one write for all that is attached to a digest, where a tag lists it", async () => {
    await open({ persona: personas.ghcr });
    const made = content("page");
    await run(made);
    const tag = referrersTag(made.root.descriptor.digest);
    expect(puts().filter(({ path }) => path.endsWith(tag))).toHaveLength(1);
  });

  test("nothing more is asked of the registry if nothing is signed", async () => {
    await run(content("page"), { sign: "false" });
    expect(sigstore.requests).toEqual([]);
    expect(registry.requests.filter(({ path }) => /referrers|sha256-/.test(path))).toEqual([]);
  });
});

describe("provenance", () => {
  test("lists the commit and what it was built from", async () => {
    const made = content("page");
    const { digest = "" } = await run(made);
    const statement = (await statementsAbout(digest)).find(
      ({ predicateType }) => predicateType === provenancePredicate,
    );
    expect(statement?.predicate.buildDefinition.resolvedDependencies).toEqual([
      {
        uri: "git+https://github.com/octo/site@refs/tags/0.1.2",
        digest: { gitCommit: sigstore.claims.sha },
      },
      { uri: "oci://ghcr.io/octo/base:1", digest: { sha256: digest.slice(7) } },
    ]);
  });

  test("is not stated about what was built in another run and is only promoted", async () => {
    const made = content("page");
    await run(made, { sign: "false" });
    const { digest = "" } = await run(made, { promote: "0.1.2", immutable: "false" });
    expect(await typesAbout(digest)).toEqual([signaturePredicate]);
  });

  test("is not stated about a promoted index either, whose images are signed with it", async () => {
    const made = shim("page");
    await run(made, { sign: "false" });
    await run(made, { promote: "0.1.2", immutable: "false" });
    const subjects = [made.root, ...made.root.children].map(({ descriptor }) => descriptor.digest);
    const types = await Promise.all(subjects.map(typesAbout));
    expect(types).toEqual([[signaturePredicate], [signaturePredicate], [signaturePredicate], []]);
  });
});

describe("a signature comes before the aliases", () => {
  test("which do not move if it fails; the error says what is published, and how to sign it", async () => {
    const made = content("page");
    sigstore.fault = (request) =>
      request.endsWith("/signingCert") ? { status: 400, body: "{}" } : undefined;
    const error = await run(made).catch((thrown: Error) => thrown.message);
    expect(error).toMatch(
      /^ghcr\.io\/octo\/site:0\.1\.2@sha256:\w+ is published, but it is not signed, and no alias was moved\. fulcio\.sigstore\.dev issued no certificate.* Run the job again to sign it/,
    );
    const client = createRegistryClient({ fetch });
    const repository = parseRepository("ghcr.io/octo/site");
    expect(await client.tags(repository)).toEqual(["0.1.2"]);

    sigstore.fault = () => undefined;
    expect(await run(made)).toMatchObject({ changed: "false" });
    expect(await client.tags(repository)).toEqual(["0.1.2", "latest"]);
    expect(await typesAbout(made.root.descriptor.digest)).toEqual(both);
  });

  test("in the order of the requests", async () => {
    await run(content("page"));
    const order = puts().map(({ path }) =>
      path.replace(/^.*\/manifests\//, "").replace(/sha256:\w+/, "bundle"),
    );
    expect(order).toEqual(["0.1.2", "bundle", "bundle", "latest"]);
  });

  test("and a registry that does not show it is an error", async () => {
    const hidden = faultOn(
      ({ path }) => path.includes("/referrers/"),
      {
        kind: "answer",
        reply: {
          status: 200,
          headers: { "content-type": mediaTypes.index },
          body: Buffer.from('{"schemaVersion":2,"manifests":[]}'),
        },
      },
      99,
    );
    registry.setFaults(hidden);
    await expect(run(content("page"))).rejects.toThrow(
      /is not signed.*does not list it among what refers to/,
    );
  }, 120_000);
});

describe("a signature that exists", () => {
  test("of the public Sigstore's trust root only counts if it is believed", async () => {
    const made = content("page");
    await run(made);
    const { digest = "" } = await run(made, { "trusted-root": "" });
    expect(await typesAbout(digest)).toEqual([...both, ...both].sort());
  });

  test("needs a trust root that can be read", async () => {
    const made = content("page");
    await run(made);
    await expect(run(made, { "trusted-root": join(folder, "missing.json") })).rejects.toThrow(
      'Input "trusted-root" names a file that cannot be read',
    );
  });
});

describe("whether it is signed", () => {
  const signs = async (given: Record<string, string>, occasion: Partial<GitHubEvent> = {}) => {
    const { signature } = await run(content("page"), given, occasion);
    return { signed: signature !== "", asked: logged().length > 0 };
  };
  const no = { signed: false, asked: false };
  const yes = { signed: true, asked: true };

  test.each([
    ["auto: a public repository", { sign: "auto" }, {}, yes],
    ["auto: a private repository", { sign: "auto" }, { visibility: "private" }, no],
    ["auto: an internal repository", { sign: "auto" }, { visibility: "internal" }, no],
    [
      "auto: a payload that does not say, and a public one's token",
      { sign: "auto" },
      { visibility: undefined },
      yes,
    ],
    ["auto: an Enterprise Server", { sign: "auto" }, { serverUrl: "https://git.example.com" }, no],
    ["true: a private repository", { sign: "true" }, { visibility: "private" }, yes],
    ["false", { sign: "false" }, {}, no],
    ["a dry run", { sign: "true", "dry-run": "true" }, {}, no],
    [
      "a pull request",
      { sign: "true", tag: "auto" },
      { pushed: { kind: "pull-request", number: 7 } as const },
      no,
    ],
  ])("%s", async (_what, given, occasion, expected) => {
    expect(await signs(given, occasion)).toEqual(expected);
  });

  test("auto: a payload that does not say, and a private one's token", async () => {
    const { claims } = sigstore;
    sigstore.claims = { ...claims, repository_visibility: "private" };
    expect(await signs({ sign: "auto" }, { visibility: undefined })).toEqual(no);
    sigstore.claims = claims;
  });

  test("auto: not without an ID token, and without a word", async () => {
    delete process.env.ACTIONS_ID_TOKEN_REQUEST_URL;
    expect(await signs({ sign: "auto" })).toEqual(no);
  });

  test("a mistake in the input is an error in a dry run too", async () => {
    await expect(run(content("page"), { sign: "yes", "dry-run": "true" })).rejects.toThrow(
      'Input "sign" must be one of auto, true, false, but it is "yes".',
    );
  });

  test("true: an error without an ID token, before anything is sent", async () => {
    delete process.env.ACTIONS_ID_TOKEN_REQUEST_URL;
    await expect(run(content("page"), { sign: "true" })).rejects.toThrow(
      'Input "sign" is true, but this job has no ID token to sign with. Give it `permissions: id-token: write`',
    );
    expect(registry.requests).toEqual([]);
  });
});
