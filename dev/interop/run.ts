// make interop: third-party clients read what we publish to third-party registries, and the official conformance suite
// judges the sandbox's registry. Everything runs on loopback. Missing programs are installed (Debian packages as root,
// Go programs from their modules) and kept in .sandbox/tools.
//
//   INTEROP_ALLOW_SKIP=1  skip what cannot be checked on this machine
import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  personas,
  type SigstoreServer,
  seedSpinImages,
  sparse,
  startRegistry,
  startSigstore,
  startUpstream,
} from "@spin-publisher/sandbox";
import { secondsText } from "../../scripts/table.ts";
import { createPublisher, type Publisher } from "./artifacts.ts";
import { type Checks, createChecks, requireEqual, summaryOf } from "./checks.ts";
import { requirePassed, runConformance, workflows } from "./conformance.ts";
import { checkForeignWriters } from "./foreign-writers.ts";
import { goCompiler } from "./go-programs.ts";
import { requireAgreement } from "./persona-agreement.ts";
import { readBack } from "./read-back.ts";
import { resourceDefinitions } from "./resource-definitions.ts";
import { checkWithApiServer } from "./server-validation.ts";
import { type Server, startDistribution, startZot } from "./servers.ts";
import { checkSignatures } from "./signatures.ts";
import { isTool, type Obtained, type Tool } from "./tool.ts";
import { obtainTools, type Tools } from "./tools.ts";
import { checkWorkflows } from "./workflow-lint.ts";

const root = join(import.meta.dirname, "../..");

async function main(): Promise<void> {
  const started = performance.now();
  const tell = (line: string) => console.log(line);
  tell("Third-party clients and registries:");
  const tools = await obtainTools(join(root, ".sandbox", "tools"), (line) => tell(`  ${line}`));
  for (const tool of Object.values(tools)) {
    tell(`  ${isTool(tool) ? "✓" : "✗"} ${tool.name}${isTool(tool) ? "" : `: ${tool.because}`}`);
  }
  tell(`  ready after ${secondsText(performance.now() - started)}\n`);
  const checks = createChecks(process.env.INTEROP_ALLOW_SKIP === "1", tell);
  const temporary = await mkdtemp(join(tmpdir(), "interop-"));
  try {
    const parts = {
      workflows: () => checkWorkflows(checks, tools, root),
      "Kubernetes objects": () => checkKubernetesObjects(checks, tools, temporary, tell),
      "the sandbox's registry": () => checkOurRegistry(checks, tools, temporary),
      "our artifacts": () => checkOurArtifacts(checks, tools, temporary),
    };
    for (const [part, work] of Object.entries(parts)) {
      const before = performance.now();
      await work();
      tell(`  ${part}: ${secondsText(performance.now() - before)}`);
    }
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
  tell(`\nafter ${secondsText(performance.now() - started)}:\n`);
  for (const line of summaryOf(checks.results)) tell(line);
  if (checks.results.some(({ outcome }) => outcome === "failed")) process.exitCode = 1;
}

async function checkKubernetesObjects(
  checks: Checks,
  tools: Tools,
  temporary: string,
  tell: (line: string) => void,
): Promise<void> {
  const examples = (await readdir(join(root, "examples"), { recursive: true }))
    .filter((name) => name.endsWith(".yaml"))
    .sort()
    .map((name) => join(root, "examples", name));
  const definitions = async () => resourceDefinitions(await goCompiler(tell)(), tell);
  const { etcd, apiServer, kubectl, helm, helm4 } = tools;
  const servers = { etcd, apiServer, kubectl, helm, helm4 };
  await checkWithApiServer(checks, servers, definitions, root, examples, join(temporary, "kubernetes"));
}

async function checkOurRegistry(checks: Checks, tools: Tools, temporary: string): Promise<void> {
  const subject = "sandbox registry";
  const { conformance, dockerRegistry } = tools;
  if (!isTool(conformance)) {
    checks.cannot(subject, "the conformance suite", conformance.name, conformance.because);
  } else {
    const stable = underSuite(conformance, {}, { OCI_VERSION: "1.1" }, join(temporary, "stable"));
    for (const [workflow, endpoints] of Object.entries(workflows)) {
      const unreleased = /^(Blob upload cancel|Manifest put with tag params)$/;
      await checks.check(subject, `${workflow}, specification 1.1`, conformance.name, async () =>
        requirePassed((await stable).endpoints, endpoints, unreleased),
      );
    }
    const drafts = underSuite(conformance, { persona: sparse }, everything, join(temporary, "drafts"));
    await checks.check(subject, "every endpoint, drafts included", conformance.name, async () =>
      requirePassed((await drafts).endpoints, /./),
    );
    await checks.check(subject, "every form of content", conformance.name, async () =>
      requirePassed((await drafts).content, /./),
    );
  }
  const check = "the persona answers like the program";
  await withServer(checks, dockerRegistry, startDistribution, check, (server) =>
    checks.check("persona distribution", check, server.name, () =>
      requireAgreement(server.origin, personas.distribution),
    ),
  );
}

/** Settings of the suite that enable what is off by default. */
const everything = {
  OCI_VERSION: "dev",
  OCI_DATA_SPARSE: "true",
  OCI_DATA_SHA512: "true",
  OCI_DATA_EMPTY_BLOB: "true",
  OCI_DATA_CUSTOM_FIELDS: "true",
};

async function underSuite(
  tool: Tool,
  options: Parameters<typeof startRegistry>[0],
  settings: Readonly<Record<string, string>>,
  folder: string,
) {
  const registry = await startRegistry(options);
  try {
    return await runConformance(tool, registry.host, settings, folder);
  } finally {
    await registry.close();
  }
}

async function checkOurArtifacts(checks: Checks, tools: Tools, temporary: string): Promise<void> {
  const base = join(temporary, "base");
  await seedSpinImages(base);
  const ghcr = await startRegistry({ root: base });
  const upstream = await startUpstream();
  const sigstore = await startSigstore();
  const trustRoot = join(temporary, "trusted_root.json");
  await writeFile(trustRoot, sigstore.trustRoot);
  try {
    const publisher = await createPublisher(root, {
      mirrors: `${upstream.mirrors}\n${sigstore.mirrors}\nhttps://ghcr.io=${ghcr.origin}`,
      identity: sigstore.env,
      trustRoot,
      moduleDigests: await upstream.moduleDigests(),
      temporary,
    });
    const [release] = await tagsOf(ghcr.origin, "spinframework/spin");
    const source = `${ghcr.host}/spinframework/spin:${release}`;
    await checkForeignWriters(checks, source, tools, join(temporary, "foreign-writers"));
    const check = "content, shim and chart can be published";
    for (const [tool, start] of [
      [tools.dockerRegistry, startDistribution],
      [tools.zot, startZot],
    ] as const) {
      await withServer(checks, tool, start, check, (server) =>
        checkPublication(
          checks,
          tools,
          server,
          publisher,
          sigstore,
          join(temporary, server.name.replace(/\W+/g, "-")),
        ),
      );
    }
  } finally {
    await sigstore.close();
    await upstream.close();
    await ghcr.close();
  }
}

async function tagsOf(origin: string, repository: string): Promise<readonly string[]> {
  const { tags } = Object(await (await fetch(`${origin}/v2/${repository}/tags/list`)).json());
  return Array.isArray(tags) ? tags.map(String) : [];
}

async function checkPublication(
  checks: Checks,
  tools: Tools,
  server: Server,
  publisher: Publisher,
  sigstore: SigstoreServer,
  folder: string,
): Promise<void> {
  const all = "content, shim, chart";
  let published: Awaited<ReturnType<Publisher["publish"]>> = [];
  await checks.check(all, "published", server.name, async () => {
    published = await publisher.publish(server.host);
    requireEqual("changed", published.map(({ changed }) => changed).join(), "true,true,true");
    return published.map(({ name, digest }) => `${name} ${digest.slice(0, 19)}`).join(", ");
  });
  if (published.length === 0) return;
  await checks.check(all, "published again, unchanged", server.name, async () => {
    const again = await publisher.publish(server.host);
    requireEqual("changed", again.map(({ changed }) => changed).join(), "false,false,false");
    requireEqual(
      "the digests",
      again.map(({ digest }) => digest).join(),
      published.map(({ digest }) => digest).join(),
    );
    requireEqual(
      "the signatures",
      again.map(({ signature }) => signature).join(),
      published.map(({ signature }) => signature).join(),
    );
    return "the same digests and signatures, nothing written";
  });
  const content = published.find(({ name }) => name === "content")?.digest ?? "";
  for (const artifact of published) {
    const own = join(folder, artifact.name);
    await mkdir(own, { recursive: true });
    await readBack(checks, server.name, artifact, tools, own, content);
    await checkSignatures(checks, server.name, artifact, tools.cosign, sigstore, own);
  }
}

async function withServer(
  checks: Checks,
  tool: Obtained,
  start: (tool: Tool) => Promise<Server>,
  check: string,
  work: (server: Server) => Promise<void>,
): Promise<void> {
  if (!isTool(tool)) return checks.cannot(tool.name, check, tool.name, tool.because);
  let server: Server | undefined;
  await checks.check(tool.name, "starts on loopback", tool.name, async () => {
    server = await start(tool);
    return server.origin;
  });
  if (server === undefined) return;
  try {
    await work(server);
  } finally {
    await server.close();
  }
}

await main();
