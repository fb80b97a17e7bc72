// The services that the workflow downloads from: stand-ins on this machine, or the real ones.
import { createFetch, parseMirrors } from "@spin-publisher/http";
import { type PullThrough, seedSpinImages, startRelay, startUpstream } from "@spin-publisher/sandbox";

export type UpstreamKind = "stand-ins" | "online";

export interface UpstreamServices {
  /** `ORIGIN_MIRRORS`, without the registry. */
  readonly mirrors: string;
  /** Repositories of the local registry that are filled from a real one. */
  readonly pullThrough: readonly PullThrough[];
  /** Repository variables of the workflow. */
  readonly variables: Readonly<Record<string, string>>;
  /** Environment variables that every process of a job needs to reach them. */
  readonly runnerVariables: Readonly<Record<string, string>>;
  /** The digests that a site must pin to use stand-in modules: download URL → `sha256:…`. */
  moduleDigests(): Promise<ReadonlyMap<string, string>>;
  close(): Promise<void>;
}

/** @throws Error for anything but the two kinds. */
export function parseUpstream(text: string): UpstreamKind {
  if (text === "stand-ins" || text === "online") return text;
  throw new Error(`UPSTREAM must be "stand-ins" or "online", but it is "${text}".`);
}

/** @param registryFolder the registry's folder, which receives the stand-ins of base images. */
export async function startUpstreamServices(
  kind: UpstreamKind,
  registryFolder: string,
  env: NodeJS.ProcessEnv = process.env,
): Promise<UpstreamServices> {
  return kind === "online" ? startOnline(env) : startStandIns(registryFolder);
}

async function startStandIns(registryFolder: string): Promise<UpstreamServices> {
  await seedSpinImages(registryFolder);
  const { mirrors, moduleDigests, close } = await startUpstream();
  // The stand-in for Spin cannot run a site.
  const variables = { SKIP_SPIN_UP: "true" };
  return { mirrors, moduleDigests, close, variables, runnerVariables: {}, pullThrough: [] };
}

/** Only pushes to the registry and the API are redirected: GitHub would not accept the token of a sandbox job. */
async function startOnline(env: NodeJS.ProcessEnv): Promise<UpstreamServices> {
  const mirrors = parseMirrors(env.ORIGIN_MIRRORS ?? "");
  const fetch = createFetch({ mirrors });
  const token = env.GITHUB_TOKEN ?? "";
  const api = await startRelay({ origin: apiOrigin, fetch, ...(token === "" ? {} : { token }) });
  const kept = mirrors.filter(({ origin }) => origin !== apiOrigin && origin !== registryOrigin);
  return {
    mirrors: [...kept, { origin: apiOrigin, target: api.origin }]
      .map(({ origin, target }) => `${origin}=${target}`)
      .join("\n"),
    pullThrough: [{ prefix: "spinframework", origin: registryOrigin, fetch }],
    // Containers of this machine cannot reach its loopback registry.
    variables: { SKIP_CONTAINER: "true" },
    runnerVariables: networkVariables(env),
    moduleDigests: async () => new Map(),
    close: api.close,
  };
}

const apiOrigin = "https://api.github.com";
const registryOrigin = "https://ghcr.io";

/** Proxies and certificates of this machine. */
function networkVariables(env: NodeJS.ProcessEnv): Readonly<Record<string, string>> {
  const wanted = /^(?:https?_proxy|no_proxy|all_proxy|node_extra_ca_certs|ssl_cert_(?:file|dir))$/i;
  return Object.fromEntries(
    Object.entries(env).flatMap(([name, value]) =>
      value !== undefined && wanted.test(name) ? [[name, value]] : [],
    ),
  );
}
