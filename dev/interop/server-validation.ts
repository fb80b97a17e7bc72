// An API server judges, without storing anything, what the chart renders for many sets of values, and the examples.
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join, relative } from "node:path";
import { parseAllDocuments } from "yaml";
import { secondsText } from "../../scripts/table.ts";
import { chartWithLibrary } from "../../scripts/test/chart-folder.ts";
import { kubernetesVersion, valueSets } from "../../scripts/test/chart-value-sets.ts";
import { startControlPlane } from "../cluster/control-plane.ts";
import { createLedger } from "../cluster/ledger.ts";
import type { Checks } from "./checks.ts";
import { run } from "./commands.ts";
import { chartMistakes, exampleMistakes, type KubernetesObject, type Mistake } from "./server-mistakes.ts";
import { isTool, type Obtained, type Tool } from "./tool.ts";

export interface ServerTools {
  readonly etcd: Obtained;
  readonly apiServer: Obtained;
  readonly kubectl: Obtained;
  readonly helm: Obtained;
  readonly helm4: Obtained;
}

/** What an object is applied with. */
interface Server {
  readonly name: string;
  /**
   * Has the server judge objects and store none.
   *
   * @throws Error with its refusal, or with a warning.
   */
  judge(objects: readonly KubernetesObject[]): Promise<void>;
}

const subject = "Kubernetes objects";

/**
 * @param definitions finds the files of custom resource definitions.
 * @param examples files of the examples.
 */
export async function checkWithApiServer(
  checks: Checks,
  tools: ServerTools,
  definitions: () => Promise<readonly string[]>,
  root: string,
  examples: readonly string[],
  folder: string,
): Promise<void> {
  const { etcd, apiServer, kubectl, helm, helm4 } = tools;
  if (!(isTool(etcd) && isTool(apiServer) && isTool(kubectl) && isTool(helm) && isTool(helm4))) {
    for (const tool of Object.values(tools)) {
      if (!isTool(tool)) checks.cannot(subject, "an API server accepts them", tool.name, tool.because);
    }
    return;
  }
  const ledger = createLedger();
  try {
    await mkdir(folder, { recursive: true });
    let server: Server | undefined;
    await checks.check(subject, "the API server starts, and knows the kinds", apiServer.name, async () => {
      const started = performance.now();
      const files = await definitions();
      const [etcdPort = 0, etcdPeers = 0, api = 0] = await freePorts(3);
      const { kubeconfig } = await startControlPlane(
        {
          programs: { etcd: etcd.path, apiServer: apiServer.path, kubectl: kubectl.path },
          folder: join(folder, "control-plane"),
          ports: { etcd: etcdPort, etcdPeers, api },
          authorization: "AlwaysAllow",
        },
        ledger,
      );
      const command = kubectlOf(kubectl, kubeconfig(), folder);
      await command(["create", ...files.flatMap((file) => ["-f", file])]);
      await command(["wait", "--for=condition=Established", "--timeout=60s", "crd", "--all"]);
      server = { name: apiServer.name, judge: judgeOf(command, folder) };
      for (const name of await namespacesOf(examples)) await command(["create", "namespace", name]);
      // Warns about what the Pod Security Standard would refuse; a warning is a failure here.
      await command(["label", "namespace", "web", "pod-security.kubernetes.io/warn=restricted"]);
      return `${files.length} definitions, ready after ${secondsText(performance.now() - started)}`;
    });
    if (server === undefined) return;
    const rendered = await checkValueSets(checks, server, helm, helm4, folder);
    await checkExamples(checks, server, root, examples);
    await checkMistakes(checks, server, rendered, (await Promise.all(examples.map(objectsIn))).flat());
  } finally {
    for (const line of await ledger.settle()) checks.cannot(subject, "the API server ends", "us", line);
  }
}

function kubectlOf(kubectl: Tool, kubeconfig: string, folder: string) {
  const settings = [`--kubeconfig=${kubeconfig}`, `--cache-dir=${join(folder, "discovery")}`];
  return (args: readonly string[]) => run(kubectl.path, [...settings, ...args], { timeoutSeconds: 120 });
}

function judgeOf(command: (args: readonly string[]) => Promise<Buffer>, folder: string): Server["judge"] {
  let count = 0;
  return async (objects) => {
    const file = join(folder, `objects-${count++}.json`);
    const items = objects.map((object) => ({
      ...object,
      metadata: { namespace: "web", ...object.metadata },
    }));
    await writeFile(file, JSON.stringify({ apiVersion: "v1", kind: "List", items }));
    const flags = ["--dry-run=server", "--validate=strict", "--warnings-as-errors"];
    await command(["create", ...flags, "-f", file]);
  };
}

async function checkValueSets(
  checks: Checks,
  server: Server,
  helm: Tool,
  helm4: Tool,
  folder: string,
): Promise<readonly KubernetesObject[]> {
  const all: KubernetesObject[] = [];
  const chart = await chartWithLibrary(folder);
  const check = `${valueSets.length} sets of values: Helm 3 and 4 agree, the server accepts`;
  await checks.check("chart bart", check, server.name, async () => {
    const problems = await inTurns(
      valueSets,
      async ([title, values, kubernetes = kubernetesVersion], index) => {
        const file = join(folder, `values-${index}.json`);
        await writeFile(file, JSON.stringify(values));
        const args = [
          "template",
          "blog",
          chart,
          "--namespace",
          "web",
          "--kube-version",
          kubernetes,
          "--values",
          file,
        ];
        const texts = [helm, helm4].map(async ({ path }) =>
          (await run(path, args, { env: helmHome(folder) })).toString(),
        );
        const [three = [], four = []] = (await Promise.all(texts)).map(parse);
        all.push(...three);
        if (sorted(three) !== sorted(four))
          throw new Error(`${title}: Helm 3 and 4 render different objects`);
        await server.judge(three);
      },
    );
    requireNone(problems, ([title]) => title);
    return `${all.length} objects accepted, the same from ${helm.name} and ${helm4.name}`;
  });
  return all;
}

async function checkExamples(checks: Checks, server: Server, root: string, examples: readonly string[]) {
  await checks.check(
    "examples",
    `${examples.length} files: the server accepts them`,
    server.name,
    async () => {
      let count = 0;
      const problems = await inTurns(examples, async (file) => {
        const objects = await objectsIn(file);
        count += objects.length;
        await server.judge(objects);
      });
      requireNone(problems, (file) => relative(root, file));
      return `${count} objects accepted`;
    },
  );
}

async function checkMistakes(
  checks: Checks,
  server: Server,
  rendered: readonly KubernetesObject[],
  examples: readonly KubernetesObject[],
) {
  const planted = [
    ...chartMistakes.map((mistake) => ({ mistake, among: rendered })),
    ...exampleMistakes.map((mistake) => ({ mistake, among: examples })),
  ];
  await checks.check(
    subject,
    `${planted.length} mistakes: the server refuses each`,
    server.name,
    async () => {
      const problems = await inTurns(planted, async ({ mistake, among }) => {
        const { sound, wrong } = withMistake(mistake, among);
        await server.judge([sound]); // so that the mistake is what is refused
        const refused = await server.judge([wrong]).then(
          () => false,
          () => true,
        );
        if (!refused) throw new Error("accepted");
      });
      requireNone(problems, ({ mistake }) => mistake.title);
      return `${planted.length} refused`;
    },
  );
}

/** A mistake in the first object of its kind in which it can be made. */
function withMistake({ kind, make }: Mistake, among: readonly KubernetesObject[]) {
  for (const object of among) {
    if (object.kind !== kind) continue;
    const copy = structuredClone(object);
    try {
      make(copy);
    } catch {
      continue; // this one lacks the part
    }
    if (JSON.stringify(copy) !== JSON.stringify(object)) return { sound: object, wrong: copy };
  }
  throw new Error(`no ${kind} to make it in`);
}

/** Four at a time, which keeps two cores busy. */
async function inTurns<Item>(
  items: readonly Item[],
  work: (item: Item, index: number) => Promise<void>,
): Promise<ReadonlyMap<Item, string>> {
  const problems = new Map<Item, string>();
  const queue = items.entries();
  const worker = async () => {
    for (const [index, item] of queue) {
      await work(item, index).catch((error: Error) => problems.set(item, error.message));
    }
  };
  await Promise.all(Array.from({ length: 4 }, worker));
  return problems;
}

function requireNone<Item>(problems: ReadonlyMap<Item, string>, titleOf: (item: Item) => string): void {
  if (problems.size === 0) return;
  const lines = [...problems].map(([item, problem]) => `${titleOf(item)}: ${problem}`);
  throw new Error(`${problems.size} failed:\n${lines.join("\n")}`);
}

async function objectsIn(file: string): Promise<readonly KubernetesObject[]> {
  return parse(await readFile(file, "utf8"));
}

/** As Helm and kubectl read YAML: version 1.1. */
function parse(text: string): readonly KubernetesObject[] {
  return parseAllDocuments(text, { version: "1.1" })
    .map((document): KubernetesObject => document.toJS())
    .filter((object) => object !== null);
}

const sorted = (objects: readonly KubernetesObject[]) =>
  objects
    .map((object) => JSON.stringify(object))
    .sort()
    .join("\n");

async function namespacesOf(examples: readonly string[]): Promise<readonly string[]> {
  const objects = (await Promise.all(examples.map(objectsIn))).flat();
  const used = objects.map(({ metadata }) => metadata.namespace).filter((name) => name !== undefined);
  // Those of the sets of values.
  return [...new Set(["web", "other", ...used])].filter((name) => name !== "default");
}

const helmHome = (folder: string) => ({ HOME: folder });

/** Ports that were free a moment ago, all different. */
async function freePorts(count: number): Promise<readonly number[]> {
  const probes = await Promise.all(
    Array.from(
      { length: count },
      () =>
        new Promise<ReturnType<typeof createServer>>((done, failed) => {
          const probe = createServer().once("error", failed);
          probe.listen(0, "127.0.0.1", () => done(probe));
        }),
    ),
  );
  const ports = probes.map((probe) => {
    const address = probe.address();
    return typeof address === "object" && address !== null ? address.port : 0;
  });
  await Promise.all(probes.map((probe) => new Promise((done) => probe.close(done))));
  return ports;
}
