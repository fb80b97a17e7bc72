// The shapes of the objects in examples/, strict: a key that is not listed is a mistake. They cover what the examples use of
// Flux 2.9, the Gateway API 1.4, Argo CD 3 and SpinKube 0.6. The examples were also held against those projects' own schemas.

/** A text must match; `optional` marks what may be missing; a list has items of one shape. */
export type Shape =
  | RegExp
  | "boolean"
  | "integer"
  | "anything"
  | { readonly list: Shape }
  | { readonly optional: Shape }
  | { readonly map: Shape }
  | { readonly [key: string]: Shape };

const optional = (shape: Shape): Shape => ({ optional: shape });
const list = (shape: Shape): Shape => ({ list: shape });

const name = /^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/;
const text = /\S/;
/** Flux refuses days. */
const duration = /^([0-9]+(\.[0-9]+)?(ms|s|m|h))+$/;
/** A repository in a registry: lower case, no tag. */
const repository = /^[a-z0-9.-]+(:[0-9]+)?(\/[a-z0-9]+([._-]+[a-z0-9]+)*)+$/;
const reference = { name };

const receiver = (spec: { readonly [key: string]: Shape }): Shape => ({
  resources: list({
    apiVersion: /^(image|source)\.toolkit\.fluxcd\.io\/v1$/,
    kind: /^(ImageRepository|OCIRepository|GitRepository)$/,
    name,
  }),
  ...spec,
});

const strategy = { name: /^(RetryOnFailure|RemediateOnFailure)$/, retryInterval: optional(duration) };

/** `apiVersion kind`, for a Receiver with its type → the shape of `spec`. */
export const shapes: Readonly<Record<string, Shape>> = {
  "source.toolkit.fluxcd.io/v1 OCIRepository": {
    interval: duration,
    url: /^oci:\/\/[a-z0-9./-]+$/,
    layerSelector: {
      mediaType: /^application\/vnd\.cncf\.helm\.chart\.content\.v1\.tar\+gzip$/,
      operation: /^copy$/,
    },
    ref: { semver: text },
    secretRef: optional(reference),
    verify: optional({
      provider: /^cosign$/,
      matchOIDCIdentity: list({ issuer: /^\^.*\$$/, subject: /^\^.*\$$/ }),
    }),
  },
  "helm.toolkit.fluxcd.io/v2 HelmRelease": {
    interval: duration,
    timeout: duration,
    releaseName: name,
    targetNamespace: name,
    chartRef: { kind: /^OCIRepository$/, name },
    install: { createNamespace: "boolean", strategy },
    upgrade: { strategy, remediation: { retries: "integer" } },
    driftDetection: { mode: /^enabled$/ },
    values: "anything",
  },
  "image.toolkit.fluxcd.io/v1 ImageRepository": {
    image: repository,
    interval: duration,
    exclusionList: list(text),
    secretRef: optional(reference),
  },
  "image.toolkit.fluxcd.io/v1 ImagePolicy": {
    imageRepositoryRef: reference,
    filterTags: { pattern: /^\^.*\$$/, extract: optional(/^\$\w+$/) },
    policy: { semver: optional({ range: text }), numerical: optional({ order: /^(asc|desc)$/ }) },
    digestReflectionPolicy: /^(IfNotPresent|Never)$/,
  },
  "image.toolkit.fluxcd.io/v1 ImageUpdateAutomation": {
    interval: duration,
    sourceRef: { kind: /^GitRepository$/, name },
    policySelector: { matchLabels: { map: text } },
    git: {
      checkout: { ref: { branch: text } },
      commit: { author: { name: text, email: /@/ }, messageTemplate: /\.Changed\b/ },
      push: { branch: text },
    },
    update: { strategy: /^Setters$/, path: /^\.\// },
  },
  "notification.toolkit.fluxcd.io/v1 Receiver generic-oidc": receiver({
    type: text,
    oidcProviders: list({
      issuerURL: /^https:\/\/token\.actions\.githubusercontent\.com$/,
      validations: list({ expression: /^claims\./, message: text }),
    }),
  }),
  "notification.toolkit.fluxcd.io/v1 Receiver github": receiver({
    type: text,
    events: list(/^(ping|push|package|registry_package)$/),
    secretRef: reference,
  }),
  "notification.toolkit.fluxcd.io/v1beta3 Provider": {
    type: /^github$/,
    address: /^https:\/\/github\.com\//,
    secretRef: reference,
  },
  "notification.toolkit.fluxcd.io/v1beta3 Alert": {
    providerRef: reference,
    eventSeverity: /^(info|error)$/,
    eventSources: list({ kind: /^Kustomization$/, name }),
  },
  "gateway.networking.k8s.io/v1 HTTPRoute": {
    parentRefs: list({ name, namespace: optional(name) }),
    hostnames: list(name),
    rules: list({
      matches: list({ path: { type: /^(PathPrefix|Exact)$/, value: /^\// } }),
      backendRefs: list({ name, port: "integer" }),
    }),
  },
  "argoproj.io/v1alpha1 Application": {
    project: name,
    source: {
      repoURL: repository,
      chart: name,
      targetRevision: text,
      helm: { releaseName: name, valuesObject: "anything" },
    },
    destination: { server: /^https:\/\//, namespace: name },
    syncPolicy: { automated: { prune: "boolean", selfHeal: "boolean" }, syncOptions: list(/^\w+=\w+$/) },
  },
  "core.spinkube.dev/v1alpha1 SpinApp": {
    image: /^[a-z0-9./-]+:[\w.-]+$/,
    executor: /^containerd-shim-spin$/,
    replicas: "integer",
  },
};

/** Where a value differs from its shape, as `path: what`. */
export function mismatches(value: unknown, shape: Shape, path = "spec"): readonly string[] {
  if (shape === "anything") return [];
  if (shape === "boolean" || shape === "integer") {
    const fits = shape === "boolean" ? typeof value === "boolean" : Number.isInteger(value);
    return fits ? [] : [`${path}: must be a ${shape}`];
  }
  if (shape instanceof RegExp) {
    return typeof value === "string" && shape.test(value)
      ? []
      : [`${path}: ${JSON.stringify(value)} is not ${shape}`];
  }
  if ("list" in shape) {
    if (!Array.isArray(value) || value.length === 0) return [`${path}: must be a list with items`];
    return value.flatMap((item, index) => mismatches(item, shape.list as Shape, `${path}[${index}]`));
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) return [`${path}: must be a map`];
  const entries = Object.entries(value);
  if ("map" in shape)
    return entries.flatMap(([key, one]) => mismatches(one, shape.map as Shape, `${path}.${key}`));
  const unknown = entries.filter(([key]) => !(key in shape)).map(([key]) => `${path}.${key}: is not known`);
  const wrong = Object.entries(shape).flatMap(([key, expected]) => {
    const given = (value as Readonly<Record<string, unknown>>)[key];
    const isOptional = typeof expected === "object" && "optional" in expected;
    if (given === undefined) return isOptional ? [] : [`${path}.${key}: is missing`];
    return mismatches(given, isOptional ? (expected.optional as Shape) : expected, `${path}.${key}`);
  });
  return [...unknown, ...wrong];
}
