import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { kubernetesVersion, type ValueSet, valueSets } from "./chart-value-sets.ts";
import {
  type ChartCopy,
  copyChart,
  describeWithHelm,
  type KubernetesObject,
  problemsIn,
  type Rendered,
} from "./rendered-chart.ts";

const digest = `sha256:${"0123456789abcdef".repeat(4)}`;

let chart: ChartCopy;
beforeAll(async () => {
  chart = await copyChart();
});
afterAll(async () => {
  await chart[Symbol.asyncDispose]();
});

const find = ({ objects }: Rendered, kind: string): KubernetesObject =>
  objects.find((object) => object.kind === kind);
const kinds = ({ objects }: Rendered) => objects.map(({ kind }) => kind);
const deployment = (rendered: Rendered) => find(rendered, "Deployment").spec;
const pod = (rendered: Rendered) => deployment(rendered).template.spec;
const container = (rendered: Rendered) => pod(rendered).containers[0];
const environment = (rendered: Rendered) =>
  Object.fromEntries(container(rendered).env.map(({ name, value }: KubernetesObject) => [name, value]));
const versionLabel = (rendered: Rendered) =>
  deployment(rendered).template.metadata.labels["app.kubernetes.io/version"];
const own = { ingress: { enabled: true, hostname: "site.example" } };

/** What of the rendered objects is looked at, and what it must be. */
type Look = readonly [
  title: (typeof valueSets)[number][0],
  seen: (rendered: Rendered) => unknown,
  expected: unknown,
];

const plain = ["ServiceAccount", "Service", "Deployment"];
const looks: readonly Look[] = [
  ["nothing set: one pod, its Service, its ServiceAccount", kinds, plain],
  [
    "nothing set: the shim of appVersion",
    (it) => container(it).image,
    expect.stringMatching(/^ghcr\.io\/owner\/site:\d/),
  ],
  [
    "nothing set: no token of the API",
    (it) => find(it, "ServiceAccount").automountServiceAccountToken,
    false,
  ],
  [
    "nothing set: the Pod Security Standard restricted",
    (it) => [pod(it).securityContext, container(it).securityContext],
    [
      expect.objectContaining({ runAsNonRoot: true, seccompProfile: { type: "RuntimeDefault" } }),
      expect.objectContaining({
        allowPrivilegeEscalation: false,
        capabilities: { drop: ["ALL"] },
        readOnlyRootFilesystem: true,
        runAsUser: 65532,
      }),
    ],
  ],
  [
    "nothing set: storage is requested and limited",
    (it) => Object.values(container(it).resources).map((some) => Object.keys(some as object)),
    [
      ["ephemeral-storage", "memory"],
      ["cpu", "ephemeral-storage", "memory"],
    ],
  ],
  [
    "the new pod is ready before the old one goes",
    (it) => deployment(it).strategy,
    { type: "RollingUpdate", rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } },
  ],
  ["Recreate has no rolling update", (it) => deployment(it).strategy, { type: "Recreate" }],
  ["a rolling update of one's own", (it) => deployment(it).strategy.rollingUpdate, { maxSurge: "50%" }],
  [
    "a pod answers for a while before it ends",
    (it) => container(it).lifecycle,
    { preStop: { sleep: { seconds: 10 } } },
  ],
  ["it does so on Kubernetes 1.30", (it) => container(it).lifecycle.preStop, { sleep: { seconds: 10 } }],
  ["it cannot on 1.29", (it) => container(it).lifecycle, undefined],
  ["the notes say so on 1.29", (it) => it.notes, expect.stringContaining("cannot delay the end of a pod")],
  ["and not on 1.30", (it) => it.notes, expect.not.stringContaining("cannot delay")],
  ["nor where nobody wants it", (it) => it.notes, expect.not.stringContaining("cannot delay")],
  ["no pause", (it) => container(it).lifecycle, undefined],
  ["kubeVersion of the values counts", (it) => container(it).lifecycle, undefined],
  [
    "a hook of one's own stays",
    (it) => container(it).lifecycle,
    { preStop: { httpGet: { path: "/", port: "http" } } },
  ],
  [
    "another hook goes with it",
    (it) => [Object.keys(container(it).lifecycle), pod(it).terminationGracePeriodSeconds],
    [["postStart", "preStop"], 60],
  ],
  ["a release is pulled once", (it) => container(it).imagePullPolicy, "IfNotPresent"],
  ["so is a pre-release", (it) => container(it).imagePullPolicy, "IfNotPresent"],
  ["so is a commit of a branch", (it) => container(it).imagePullPolicy, "IfNotPresent"],
  ["so is a pull request", (it) => container(it).imagePullPolicy, "IfNotPresent"],
  ["latest is asked for always", (it) => container(it).imagePullPolicy, "Always"],
  ["so is a branch", (it) => container(it).imagePullPolicy, "Always"],
  ["so is 0.1, which moves", (it) => container(it).imagePullPolicy, "Always"],
  ["a digest is pulled once", (it) => container(it).imagePullPolicy, "IfNotPresent"],
  ["a policy of one's own", (it) => container(it).imagePullPolicy, "Never"],
  ["the version's label follows the tag", versionLabel, "0.1.2"],
  ["also of a tag that is longer than a label", versionLabel, "a".repeat(62)],
  [
    "also beside a digest",
    (it) => [versionLabel(it), container(it).image],
    ["0.1.2", `ghcr.io/owner/site@${digest}`],
  ],
  ["a digest alone is the version", versionLabel, "sha256-0123456789ab"],
  ["a label of one's own stays", versionLabel, "mine"],
  [
    "a new tag changes no selector",
    (it) =>
      JSON.stringify([
        deployment(it).selector,
        find(it, "Service").spec.selector,
        find(it, "NetworkPolicy").spec.podSelector,
      ]),
    expect.not.stringContaining("9.9.9"),
  ],
  [
    "a pull secret is for the content too",
    (it) => [pod(it).imagePullSecrets, pod(it).volumes[1], environment(it).DOCKER_CONFIG],
    [
      [{ name: "ghcr" }],
      {
        name: "content-credentials",
        secret: { secretName: "ghcr", items: [{ key: ".dockerconfigjson", path: "config.json" }] },
      },
      "/etc/content-credentials",
    ],
  ],
  [
    "and /tmp stays",
    (it) => container(it).volumeMounts.map(({ mountPath }: KubernetesObject) => mountPath),
    ["/tmp", "/etc/content-credentials"],
  ],
  ["a global pull secret as well", (it) => pod(it).volumes[1].secret.secretName, "all"],
  [
    "a secret for the content alone",
    (it) => [pod(it).imagePullSecrets, pod(it).volumes[1].secret.secretName],
    [undefined, "content-blog"],
  ],
  [
    "none for public content",
    (it) => [pod(it).volumes.length, environment(it).DOCKER_CONFIG],
    [1, undefined],
  ],
  [
    "a volume of one's own leaves /tmp",
    (it) => pod(it).volumes.map(({ name }: KubernetesObject) => name),
    ["data", "tmp"],
  ],
  [
    "values of 1.0.0 that repeat /tmp",
    (it) => [pod(it).volumes.length, environment(it).DOCKER_CONFIG],
    [2, "/docker"],
  ],
  ["/tmp in memory", (it) => pod(it).volumes[0].emptyDir, { medium: "Memory", sizeLimit: "64Mi" }],
  ["the shim listens on every address", environment, { SPIN_HTTP_LISTEN_ADDR: "0.0.0.0:3000" }],
  ["also of IPv6", environment, { SPIN_HTTP_LISTEN_ADDR: "[::]:3000" }],
  ["on the port of the container", environment, { SPIN_HTTP_LISTEN_ADDR: "0.0.0.0:8080" }],
  [
    "variables as a map",
    (it) => container(it).env,
    [
      { name: "KEY", valueFrom: { secretKeyRef: { name: "s", key: "k" } } },
      { name: "RUST_LOG", value: "spin=debug" },
      { name: "SPIN_HTTP_LISTEN_ADDR", value: "0.0.0.0:3000" },
    ],
  ],
  ["variables as a list, and ours replaced", environment, { SPIN_HTTP_LISTEN_ADDR: "127.0.0.1:1" }],
  [
    "an Ingress",
    (it) => [find(it, "Ingress").spec.rules[0].host, find(it, "Ingress").spec.tls],
    ["site.example", undefined],
  ],
  ["its notes say http", (it) => it.notes, expect.stringContaining("http://site.example/")],
  [
    "TLS without a certificate is http, and the notes say why",
    (it) => it.notes,
    expect.stringMatching(/http:\/\/site\.example\/[\s\S]*there is no certificate/),
  ],
  [
    "TLS with a certificate is https",
    (it) => [it.notes, find(it, "Ingress").spec.tls],
    [expect.stringContaining("https://site.example/"), [{ hosts: ["site.example"], secretName: "site-tls" }]],
  ],
  [
    "TLS by cert-manager is https",
    (it) => [it.notes, find(it, "Ingress").spec.tls[0].secretName],
    [expect.stringContaining("https://site.example/"), "site.example-tls"],
  ],
  ["TLS of another host is http here", (it) => it.notes, expect.stringContaining("http://site.example/")],
  [
    "an HTTPRoute",
    (it) => find(it, "HTTPRoute").spec,
    {
      parentRefs: [{ name: "gateway", namespace: "infra" }],
      hostnames: ["site.example"],
      rules: [
        {
          matches: [{ path: { type: "PathPrefix", value: "/" } }],
          backendRefs: [{ name: "blog-bart", port: 80 }],
        },
      ],
    },
  ],
  [
    "an HTTPRoute follows the Service's port",
    (it) => [find(it, "HTTPRoute").spec.rules[0].backendRefs, it.notes],
    [
      [{ name: "blog-bart", port: 8080 }],
      expect.stringContaining("The Gateway gateway routes the host names of its listener"),
    ],
  ],
  [
    "the notes of a plain Service",
    (it) => it.notes,
    expect.stringContaining("port-forward service/blog-bart 3000:80"),
  ],
  [
    "the notes of a load balancer",
    (it) => it.notes,
    expect.stringContaining("get service blog-bart --watch"),
  ],
  ["two pods have a disruption budget", (it) => find(it, "PodDisruptionBudget").spec.maxUnavailable, 1],
  [
    "which may say what must stay",
    (it) => find(it, "PodDisruptionBudget").spec,
    expect.not.objectContaining({ maxUnavailable: 1 }),
  ],
  ["or none", kinds, plain],
  [
    "autoscaling has one where there are two at least",
    kinds,
    expect.arrayContaining(["HorizontalPodAutoscaler", "PodDisruptionBudget"]),
  ],
  [
    "autoscaling from one pod has none",
    (it) => [find(it, "PodDisruptionBudget"), deployment(it).replicas],
    [undefined, undefined],
  ],
  [
    "a network policy: in to the site, out to DNS and HTTPS",
    (it) => find(it, "NetworkPolicy").spec,
    expect.objectContaining({
      ingress: [{ ports: [{ port: "http", protocol: "TCP" }] }],
      egress: [
        {
          ports: [
            { port: 53, protocol: "UDP" },
            { port: 53, protocol: "TCP" },
          ],
        },
        { ports: [{ port: 443, protocol: "TCP" }] },
      ],
    }),
  ],
  [
    "a network policy for one client, and nothing out",
    (it) => [find(it, "NetworkPolicy").spec.ingress[0].from, find(it, "NetworkPolicy").spec.egress],
    [[{ namespaceSelector: {} }], []],
  ],
  [
    "pods called otherwise are still selected",
    (it) => find(it, "NetworkPolicy").spec.podSelector.matchLabels["app.kubernetes.io/name"],
    "other",
  ],
  [
    "further objects, as objects and as text",
    (it) =>
      it.objects
        .map(({ metadata }) => metadata.name)
        .filter((name) => /^blog-.$/.test(name))
        .sort(),
    ["blog-a", "blog-b"],
  ],
  [
    "names of one's own",
    (it) => [...new Set(it.objects.map(({ metadata }) => `${metadata.namespace}/${metadata.name}`))],
    ["other/site"],
  ],
  [
    "annotations for all",
    (it) => it.objects.filter(({ metadata }) => metadata.annotations?.team !== "web"),
    [],
  ],
  ["labels for all", (it) => it.objects.filter(({ metadata }) => metadata.labels?.team !== "web"), []],
  ["a registry without a name", (it) => it.notes, expect.stringMatching(/runs the site of owner\/site:/)],
];

function setOf(title: string): ValueSet {
  const set = valueSets.find(([name]) => name === title);
  if (set === undefined) throw new Error(`no set of values is called "${title}"`);
  return set;
}

describeWithHelm("the chart", () => {
  test.each(looks)("%s", async (title, seen, expected) => {
    const [, values = {}, kubernetes = kubernetesVersion] = setOf(title);
    const rendered = await chart.render(values, { kubernetes });
    expect(seen(rendered)).toEqual(expected);
    expect(problemsIn(rendered.objects)).toEqual([]);
  });

  test("the matrix is large, and each of its sets is looked at", () => {
    expect(valueSets.length).toBeGreaterThanOrEqual(40);
    expect(looks.map(([title]) => title)).toEqual(valueSets.map(([title]) => title));
  });
});

/** Values that an API server refuses, or that nothing would read; and what Helm then says. */
const refused: readonly (readonly [title: string, values: object, message: RegExp])[] = [
  ["a misspelled key of the image", { image: { tga: "0.1.2" } }, /image: Additional property tga/],
  ["a misspelled key at the top", { replicas: 3 }, /Additional property replicas/],
  [
    "a misspelled key of the content",
    { content: { pullsecret: "x" } },
    /content: Additional property pullsecret/,
  ],
  [
    "a misspelled key of the Ingress",
    { ingress: { host: "a.example" } },
    /ingress: Additional property host/,
  ],
  ["a misspelled key of the HTTPRoute", { httpRoute: { hosts: [] } }, /httpRoute: Additional property hosts/],
  [
    "a misspelled key of the budget",
    { podDisruptionBudget: { min: 1 } },
    /podDisruptionBudget: Additional property min/,
  ],
  [
    "a misspelled key of the network policy",
    { networkPolicy: { ingress: [] } },
    /networkPolicy: Additional property ingress/,
  ],
  ["a misspelled key of the autoscaler", { autoscaling: { max: 3 } }, /autoscaling: Additional property max/],
  [
    "a misspelled key of a probe",
    { readinessProbe: { path: "/" } },
    /readinessProbe: Additional property path/,
  ],
  ["a misspelled key of the Service", { service: { port: 80 } }, /service: Additional property port/],
  [
    "Recreate with a rolling update",
    { updateStrategy: { type: "Recreate", rollingUpdate: { maxSurge: 1 } } },
    /updateStrategy\.rollingUpdate/,
  ],
  [
    "a rolling update that cannot move",
    { updateStrategy: { rollingUpdate: { maxSurge: 0, maxUnavailable: 0 } } },
    /updateStrategy/,
  ],
  ["a strategy that does not exist", { updateStrategy: { type: "BlueGreen" } }, /updateStrategy\.type/],
  ["an Ingress without a host", { ingress: { enabled: true } }, /ingress\.hostname/],
  [
    "an Ingress with an address for a host",
    { ingress: { enabled: true, hostname: "https://a.example" } },
    /ingress\.hostname/,
  ],
  [
    "an Ingress with capitals in its host",
    { ingress: { enabled: true, hostname: "A.example" } },
    /ingress\.hostname/,
  ],
  ["an HTTPRoute without a Gateway", { httpRoute: { enabled: true } }, /httpRoute\.parentRefs/],
  ["a variable that is a number, in a map", { envVars: { PORT: 1 } }, /envVars/],
  ["a variable that is a boolean, in a list", { envVars: [{ name: "DEBUG", value: true }] }, /envVars/],
  ["a variable without a name", { envVars: [{ value: "x" }] }, /envVars/],
  ["a label that is a number", { commonLabels: { version: 1 } }, /commonLabels\.version/],
  ["an annotation that is a boolean", { ingress: { annotations: { "a/b": true } } }, /ingress\.annotations/],
  ["a node selector that is a boolean", { nodeSelector: { spot: true } }, /nodeSelector\.spot/],
  ["a tag that is a number", { image: { tag: 1.1 } }, /image\.tag/],
  ["a tag with a digest in it", { image: { tag: `0.1.2@${digest}` } }, /image\.tag/],
  ["a digest that is cut off", { image: { digest: "sha256:0123" } }, /image\.digest/],
  ["a repository in capitals", { image: { repository: "Octo/Site" } }, /image\.repository/],
  ["a registry with a scheme", { image: { registry: "https://ghcr.io" } }, /image\.registry/],
  ["a pull policy that does not exist", { image: { pullPolicy: "Sometimes" } }, /image\.pullPolicy/],
  ["a pull secret that is a number", { image: { pullSecrets: [1] } }, /image\.pullSecrets/],
  ["a number of pods below none", { replicaCount: -1 }, /replicaCount/],
  ["a number of pods in words", { replicaCount: "two" }, /replicaCount/],
  ["a port above all ports", { ports: [{ name: "http", containerPort: 70000 }] }, /ports\.0\.containerPort/],
  ["no port named http", { ports: [{ name: "web", containerPort: 3000 }] }, /ports/],
  [
    "no port of the Service named http",
    { service: { ports: [{ name: "web", port: 80 }] } },
    /service\.ports/,
  ],
  ["memory in megabytes", { resources: { limits: { memory: "512MB" } } }, /resources\.limits\.memory/],
  ["a probe every 0 seconds", { livenessProbe: { periodSeconds: 0 } }, /livenessProbe\.periodSeconds/],
  ["a mount without a path", { extraVolumeMounts: [{ name: "data" }] }, /extraVolumeMounts/],
  ["a volume without a name", { extraVolumes: [{ emptyDir: {} }] }, /extraVolumes/],
  ["IPv6 without brackets", { listen: { host: "::" } }, /listen\.host/],
  [
    "a budget in words",
    { podDisruptionBudget: { minAvailable: "half" } },
    /podDisruptionBudget\.minAvailable/,
  ],
  ["autoscaling from none", { autoscaling: { minReplicas: 0 } }, /autoscaling\.minReplicas/],
  ["a monitor of a path that Spin does not serve", { podMonitor: { enabled: true } }, /podMonitor\.enabled/],
  ["another monitor of it", { serviceMonitor: { enabled: true } }, /serviceMonitor\.enabled/],
  ["pods that are not restarted", { podRestartPolicy: "Never" }, /podRestartPolicy/],
  [
    "a pause longer than a pod may take to end",
    { drainSeconds: 30 },
    /drainSeconds is 30, but a pod is killed after/,
  ],
  [
    "fewest pods above most pods",
    { autoscaling: { enabled: true, minReplicas: 5 } },
    /autoscaling\.minReplicas is 5/,
  ],
];

describeWithHelm("the chart refuses", () => {
  test("values of 1.0.0 without the defaults of 2.0.0, as --reuse-values leaves them", async () => {
    const missing = { content: null, listen: null, tmp: null, httpRoute: null, networkPolicy: null };
    await expect(chart.render(missing)).rejects.toThrow(/content is required/);
  });

  test.each(refused)("%s", async (_title, values, message) => {
    await expect(chart.render(values)).rejects.toThrow(message);
  });
});

describeWithHelm("problems that are planted are found", () => {
  test("in the objects together", async () => {
    const { objects } = await chart.render({ ...own, replicaCount: 2, networkPolicy: { enabled: true } });
    const planted = structuredClone(objects) as KubernetesObject[];
    const object = (kind: string) => planted.find((one) => one.kind === kind);
    object("Deployment").spec.template.metadata.labels["app.kubernetes.io/instance"] = "other";
    object("Deployment").spec.template.spec.volumes = [];
    object("Service").metadata.labels.version = 1;
    object("Ingress").spec.rules = [];
    expect(problemsIn(planted)).toEqual([
      "Service/blog-bart has the label version: 1",
      "volume tmp is none of ",
      "the Deployment does not select the pods",
      "the Service does not select the pods",
      "the PodDisruptionBudget does not select the pods",
      "the NetworkPolicy does not select the pods",
      "the Ingress has no rules",
    ]);
  });
});
