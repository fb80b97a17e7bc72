// Mistakes that an API server must refuse, each made in an object that it accepts.

// biome-ignore lint/suspicious/noExplicitAny: objects of Kubernetes; each mistake knows its part
export type KubernetesObject = any;

export interface Mistake {
  readonly title: string;
  readonly kind: string;
  readonly make: (object: KubernetesObject) => void;
}

const pod = (deployment: KubernetesObject) => deployment.spec.template.spec;
const container = (deployment: KubernetesObject) => pod(deployment).containers[0];

function of(kind: string, mistakes: Readonly<Record<string, Mistake["make"]>>): readonly Mistake[] {
  return Object.entries(mistakes).map(([title, make]) => ({ title: `${kind}: ${title}`, kind, make }));
}

/** In what the chart renders. */
export const chartMistakes: readonly Mistake[] = [
  ...of("Deployment", {
    "an unknown field": (it) => (it.spec.replica = 2),
    "an unknown field of the container": (it) => (container(it).livenesProbe = {}),
    "Recreate with a rolling update": (it) => (it.spec.strategy.type = "Recreate"),
    "a rolling update that cannot move": (it) =>
      (it.spec.strategy.rollingUpdate = { maxSurge: 0, maxUnavailable: 0 }),
    "a variable that is a number": (it) => container(it).env.push({ name: "PORT", value: 1 }),
    "a label that is a number": (it) => (it.metadata.labels.version = 1),
    "a label that is too long": (it) => (it.metadata.labels.version = "a".repeat(64)),
    "a selector that does not match": (it) => (it.spec.selector.matchLabels = { app: "other" }),
    "a mount without a volume": (it) => (pod(it).volumes = []),
    "a volume twice": (it) => pod(it).volumes.push(pod(it).volumes[0]),
    "memory in megabytes": (it) => (container(it).resources.limits.memory = "512MB"),
    "a request above the limit": (it) => (container(it).resources.requests.memory = "1Gi"),
    "a pull policy that does not exist": (it) => (container(it).imagePullPolicy = "Sometimes"),
    "pods that are not restarted": (it) => (pod(it).restartPolicy = "Never"),
    "a hook that does two things": (it) =>
      (container(it).lifecycle.preStop.httpGet = { path: "/", port: "http" }),
    "a pause longer than a pod may take to end": (it) =>
      (container(it).lifecycle.preStop.sleep.seconds = 3600),
    "a probe that succeeds twice to be alive": (it) => (container(it).livenessProbe.successThreshold = 2),
    "a port above all ports": (it) => (container(it).ports[0].containerPort = 70_000),
    "no image": (it) => delete container(it).image,
  }),
  ...of("Service", {
    "no ports": (it) => (it.spec.ports = []),
    "a type that does not exist": (it) => (it.spec.type = "Balancer"),
    "a port's name with capitals": (it) => (it.spec.ports[0].name = "HTTP"),
  }),
  ...of("Ingress", {
    "no rules": (it) => (it.spec.rules = []),
    "a host with capitals": (it) => (it.spec.rules[0].host = "Site.example"),
    "a path without a slash": (it) => (it.spec.rules[0].http.paths[0].path = "blog"),
    "a path type that does not exist": (it) => (it.spec.rules[0].http.paths[0].pathType = "Suffix"),
  }),
  ...of("HTTPRoute", {
    "a URL as host name": (it) => (it.spec.hostnames = ["https://site.example"]),
    "a Service without a port": (it) => delete it.spec.rules[0].backendRefs[0].port,
    "a match that does not exist": (it) => (it.spec.rules[0].matches[0].path.type = "Suffix"),
    "an unknown field": (it) => (it.spec.hosts = []),
  }),
  ...of("PodDisruptionBudget", {
    "both bounds": (it) => Object.assign(it.spec, { minAvailable: 1, maxUnavailable: 1 }),
    "a bound in words": (it) => (it.spec.maxUnavailable = "half"),
  }),
  ...of("NetworkPolicy", {
    "a port above all ports": (it) => (it.spec.egress[0].ports[0].port = 70_000),
    "an unknown policy type": (it) => (it.spec.policyTypes = ["Outgoing"]),
  }),
  ...of("HorizontalPodAutoscaler", {
    "fewest above most": (it) => (it.spec.minReplicas = 99),
    "no target": (it) => delete it.spec.scaleTargetRef,
  }),
];

/** In the examples: deploy.md's list of what authors get wrong. */
export const exampleMistakes: readonly Mistake[] = [
  ...of("HelmRelease", {
    "an unknown field": (it) => (it.spec.chartref = it.spec.chartRef),
    "a duration in days": (it) => (it.spec.interval = "1d"),
    "both ways to name a chart": (it) =>
      (it.spec.chart = { spec: { chart: "bart", sourceRef: { kind: "HelmRepository", name: "x" } } }),
    "no chart": (it) => delete it.spec.chartRef,
    "a strategy that does not exist": (it) => (it.spec.upgrade.strategy.name = "Retry"),
    "an interval for retries that do not happen": (it) => (it.spec.upgrade.strategy.retryInterval = "1m"),
    "a number as text": (it) => (it.spec.upgrade.remediation.retries = "1"),
    "a removed version of the API": (it) => (it.apiVersion = "helm.toolkit.fluxcd.io/v2beta1"),
  }),
  ...of("OCIRepository", {
    "a URL without oci://": (it) => (it.spec.url = "ghcr.io/owner/site/charts/bart"),
    "no interval": (it) => delete it.spec.interval,
    "an operation that does not exist": (it) => (it.spec.layerSelector.operation = "unpack"),
  }),
  ...of("ImageRepository", {
    "no image": (it) => delete it.spec.image,
    "one pattern as text": (it) => (it.spec.exclusionList = "^pr-"),
  }),
  ...of("ImagePolicy", {
    "Always without an interval": (it) => (it.spec.digestReflectionPolicy = "Always"),
    "an order that does not exist": (it) => (it.spec.policy = { numerical: { order: "up" } }),
    "no repository": (it) => delete it.spec.imageRepositoryRef,
  }),
  ...of("ImageUpdateAutomation", {
    "a source that is not Git": (it) => (it.spec.sourceRef.kind = "OCIRepository"),
    "an author without an address": (it) => delete it.spec.git.commit.author.email,
  }),
  ...of("Receiver", {
    "a type that does not exist": (it) => (it.spec.type = "oidc"),
    "a resource of a kind that cannot be called": (it) => (it.spec.resources[0].kind = "Deployment"),
  }),
  ...of("Provider", { "a type that does not exist": (it) => (it.spec.type = "git-hub") }),
  ...of("Alert", { "a severity that does not exist": (it) => (it.spec.eventSeverity = "warning") }),
  ...of("Application", {
    "no project": (it) => delete it.spec.project,
    "an unknown field": (it) => (it.spec.sources_ = []),
  }),
  ...of("SpinApp", { "no executor": (it) => delete it.spec.executor }),
];
