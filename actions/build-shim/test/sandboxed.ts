import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach } from "@jest/globals";
import { createFetch, parseMirrors } from "@spin-publisher/http";
import {
  createRegistryClient,
  formatReference,
  inspectTarget,
  type Manifest,
  parseRepository,
  publish,
} from "@spin-publisher/oci";
import {
  type ActionProcess,
  type RegistryOptions,
  type RegistryServer,
  type RequestRecord,
  runActionProcess,
  seedSpinImages,
  spinReleases,
  startRegistry,
  startUpstream,
  type Upstream,
} from "@spin-publisher/sandbox";
import { site } from "./stored-images.ts";

const action = join(import.meta.dirname, "..");
const workspace = import.meta.dirname;

/** The outside world for the tests of one file: GitHub for all of them, a registry that stands for ghcr.io for each. */
export interface Sandboxed {
  readonly upstream: Upstream;
  readonly registry: RegistryServer;
  readonly mirrors: string;
  /** Runs the action through dist/. */
  shim(
    inputs: Readonly<Record<string, string>>,
    options?: Partial<ActionProcess>,
  ): ReturnType<typeof runActionProcess>;
  /** Publishes content as spin-registry-push would, and returns its reference with digest. */
  published(content?: Manifest, tag?: string): Promise<string>;
  /** Publishes anything, and returns its reference with digest. */
  put(repository: string, manifest: Manifest, tag: string): Promise<string>;
  /** Another registry, closed after the test. */
  otherRegistry(options?: RegistryOptions): Promise<RegistryServer>;
  /** What was sent to ghcr.io to change it. */
  writes(): readonly RequestRecord[];
  client(): ReturnType<typeof createRegistryClient>;
}

export function sandboxed(): Sandboxed {
  let upstream: Upstream;
  let registry: RegistryServer;
  let mirrors: string;
  const others: RegistryServer[] = [];

  beforeAll(async () => {
    upstream = await startUpstream();
  });
  afterAll(() => upstream.close());
  beforeEach(async () => {
    registry = await startRegistry();
    await seedSpinImages(
      registry.root,
      spinReleases.filter(({ tag }) => ["v4.0.2", "v4.0.1"].includes(tag)),
    );
    mirrors = `${upstream.mirrors}\nhttps://ghcr.io=${registry.origin}`;
  });
  afterEach(() => Promise.all([registry, ...others.splice(0)].map((server) => server.close())));

  const client = () => createRegistryClient({ fetch: createFetch({ mirrors: parseMirrors(mirrors) }) });
  const put: Sandboxed["put"] = async (name, root, tag) => {
    const repository = parseRepository(name);
    const registryClient = client();
    const state = await inspectTarget(registryClient, { repository, tag, aliases: [] });
    const { digest } = await publish(registryClient, { root }, state, { immutable: true });
    return formatReference({ ...repository, tag, digest });
  };
  return {
    get upstream() {
      return upstream;
    },
    get registry() {
      return registry;
    },
    get mirrors() {
      return mirrors;
    },
    shim: (inputs, options = {}) =>
      runActionProcess({
        action,
        workspace,
        mirrors,
        inputs: { image: "ghcr.io/octo-org/site", ...inputs },
        ...options,
      }),
    published: async (content, tag = "0.1.2") =>
      put("ghcr.io/octo-org/site/content", content ?? (await site()), tag),
    put,
    otherRegistry: async (options) => {
      const other = await startRegistry(options);
      others.push(other);
      return other;
    },
    writes: () => registry.requests.filter(({ method }) => !["GET", "HEAD"].includes(method)),
    client,
  };
}
