// Sets of values that chart bart accepts. The chart's tests look at what each renders; `make interop` has an API server
// judge it.

const digest = `sha256:${"0123456789abcdef".repeat(4)}`;
const own = { ingress: { enabled: true, hostname: "site.example" } };

export type ValueSet = readonly [title: string, values: object, kubernetes?: string];

export const valueSets = [
  ["nothing set: one pod, its Service, its ServiceAccount", {}],
  ["nothing set: the shim of appVersion", {}],
  ["nothing set: no token of the API", {}],
  ["nothing set: the Pod Security Standard restricted", {}],
  ["nothing set: storage is requested and limited", {}],
  ["the new pod is ready before the old one goes", {}],
  ["Recreate has no rolling update", { updateStrategy: { type: "Recreate" } }],
  ["a rolling update of one's own", { updateStrategy: { rollingUpdate: { maxSurge: "50%" } } }],
  ["a pod answers for a while before it ends", {}],
  ["it does so on Kubernetes 1.30", {}, "v1.30.1-eks-1"],
  ["it cannot on 1.29", {}, "1.29.9"],
  ["the notes say so on 1.29", {}, "1.29.9"],
  ["and not on 1.30", {}, "1.30.0"],
  ["nor where nobody wants it", { drainSeconds: 0 }, "1.29.9"],
  ["no pause", { drainSeconds: 0 }],
  ["kubeVersion of the values counts", { kubeVersion: "1.28.0" }],
  ["a hook of one's own stays", { lifecycleHooks: { preStop: { httpGet: { path: "/", port: "http" } } } }],
  [
    "another hook goes with it",
    {
      lifecycleHooks: { postStart: { httpGet: { path: "/", port: "http" } } },
      terminationGracePeriodSeconds: 60,
      drainSeconds: 40,
    },
  ],
  ["a release is pulled once", { image: { tag: "0.1.2" } }],
  ["so is a pre-release", { image: { tag: "1.0.0-rc.1" } }],
  ["so is a commit of a branch", { image: { tag: "main-0123abcd-1795609999" } }],
  ["so is a pull request", { image: { tag: "pr-7-0123abcd" } }],
  ["latest is asked for always", { image: { tag: "latest" } }],
  ["so is a branch", { image: { tag: "main" } }],
  ["so is 0.1, which moves", { image: { tag: "0.1" } }],
  ["a digest is pulled once", { image: { tag: "main", digest } }],
  ["a policy of one's own", { image: { tag: "main", pullPolicy: "Never" } }],
  ["the version's label follows the tag", { image: { tag: "0.1.2" } }],
  ["also of a tag that is longer than a label", { image: { tag: `${"a".repeat(62)}-0123abcd` } }],
  ["also beside a digest", { image: { tag: "0.1.2", digest } }],
  ["a digest alone is the version", { image: { digest } }],
  ["a label of one's own stays", { commonLabels: { "app.kubernetes.io/version": "mine" } }],
  [
    "a new tag changes no selector",
    { image: { tag: "9.9.9" }, replicaCount: 2, networkPolicy: { enabled: true } },
  ],
  ["a pull secret is for the content too", { image: { pullSecrets: ["ghcr"] } }],
  ["and /tmp stays", { image: { pullSecrets: [{ name: "ghcr" }] } }],
  ["a global pull secret as well", { global: { imagePullSecrets: ["all"] } }],
  ["a secret for the content alone", { content: { pullSecret: "content-{{ .Release.Name }}" } }],
  ["none for public content", { image: { pullSecrets: ["ghcr"] }, content: { pullSecret: "-" } }],
  [
    "a volume of one's own leaves /tmp",
    {
      extraVolumes: [{ name: "data", emptyDir: {} }],
      extraVolumeMounts: [{ name: "data", mountPath: "/data" }],
    },
  ],
  [
    "values of 1.0.0 that repeat /tmp",
    {
      extraVolumes: [
        { name: "tmp", emptyDir: {} },
        { name: "docker", secret: { secretName: "ghcr" } },
      ],
      extraVolumeMounts: [
        { name: "tmp", mountPath: "/tmp" },
        { name: "docker", mountPath: "/docker" },
      ],
      image: { pullSecrets: ["ghcr"] },
      envVars: [{ name: "DOCKER_CONFIG", value: "/docker" }],
    },
  ],
  ["/tmp in memory", { tmp: { medium: "Memory", sizeLimit: "64Mi" } }],
  ["the shim listens on every address", {}],
  ["also of IPv6", { listen: { host: "[::]" } }],
  ["on the port of the container", { ports: [{ name: "http", containerPort: 8080 }] }],
  [
    "variables as a map",
    { envVars: { RUST_LOG: "spin=debug", KEY: { valueFrom: { secretKeyRef: { name: "s", key: "k" } } } } },
  ],
  [
    "variables as a list, and ours replaced",
    { envVars: [{ name: "SPIN_HTTP_LISTEN_ADDR", value: "127.0.0.1:1" }] },
  ],
  ["an Ingress", own],
  ["its notes say http", own],
  ["TLS without a certificate is http, and the notes say why", { ingress: { ...own.ingress, tls: true } }],
  ["TLS with a certificate is https", { ingress: { ...own.ingress, tls: true, existingSecret: "site-tls" } }],
  [
    "TLS by cert-manager is https",
    { ingress: { ...own.ingress, tls: true, annotations: { "cert-manager.io/cluster-issuer": "le" } } },
  ],
  [
    "TLS of another host is http here",
    { ingress: { ...own.ingress, extraTls: [{ hosts: ["other.example"], secretName: "x" }] } },
  ],
  [
    "an HTTPRoute",
    {
      httpRoute: {
        enabled: true,
        parentRefs: [{ name: "gateway", namespace: "infra" }],
        hostnames: ["site.example"],
      },
    },
  ],
  [
    "an HTTPRoute follows the Service's port",
    {
      httpRoute: { enabled: true, parentRefs: [{ name: "gateway" }] },
      service: {
        ports: [
          { name: "metrics", port: 9 },
          { name: "http", port: 8080, targetPort: "http" },
        ],
      },
    },
  ],
  ["the notes of a plain Service", {}],
  ["the notes of a load balancer", { service: { type: "LoadBalancer" } }],
  ["two pods have a disruption budget", { replicaCount: 2 }],
  ["which may say what must stay", { replicaCount: 3, podDisruptionBudget: { minAvailable: "50%" } }],
  ["or none", { replicaCount: 2, podDisruptionBudget: { enabled: false } }],
  ["autoscaling has one where there are two at least", { autoscaling: { enabled: true, minReplicas: 2 } }],
  ["autoscaling from one pod has none", { replicaCount: 3, autoscaling: { enabled: true } }],
  ["a network policy: in to the site, out to DNS and HTTPS", { networkPolicy: { enabled: true } }],
  [
    "a network policy for one client, and nothing out",
    { networkPolicy: { enabled: true, from: [{ namespaceSelector: {} }], egress: [] } },
  ],
  [
    "pods called otherwise are still selected",
    { podLabels: { "app.kubernetes.io/name": "other" }, networkPolicy: { enabled: true }, replicaCount: 2 },
  ],
  [
    "further objects, as objects and as text",
    {
      extraObjects: [
        { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "{{ .Release.Name }}-a" } },
        "apiVersion: v1\nkind: Secret\nmetadata:\n  name: {{ .Release.Name }}-b\n",
      ],
    },
  ],
  ["names of one's own", { fullnameOverride: "site", namespaceOverride: "other", replicaCount: 2, ...own }],
  [
    "annotations for all",
    { commonAnnotations: { team: "web" }, replicaCount: 2, networkPolicy: { enabled: true } },
  ],
  ["labels for all", { commonLabels: { team: "web" }, replicaCount: 2, networkPolicy: { enabled: true } }],
  ["a registry without a name", { image: { registry: "" } }],
] as const satisfies readonly ValueSet[];

/** Which Kubernetes a chart is rendered for where the set does not say. */
export const kubernetesVersion = "1.34.0";
