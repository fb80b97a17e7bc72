// Where what we publish comes from: stand-ins on this machine, or the real thing.
import { createFetch } from "@spin-publisher/http";
import { type PullThrough, seedSpinImages, startRelay, startUpstream } from "@spin-publisher/sandbox";

export type UpstreamKind = "stand-ins" | "online";

export interface World {
  /** `ORIGIN_MIRRORS`, without the registry. */
  readonly mirrors: string;
  /** Repositories of the local registry that are filled from the real one. */
  readonly pullThrough: readonly PullThrough[];
  /** Repository variables of the workflow. */
  readonly variables: Readonly<Record<string, string>>;
  moduleDigests(): Promise<ReadonlyMap<string, string>>;
  close(): Promise<void>;
}

/** @throws Error for anything else. */
export function parseUpstream(text: string): UpstreamKind {
  if (text === "stand-ins" || text === "online") return text;
  throw new Error(`UPSTREAM is "stand-ins" or "online", not "${text}".`);
}

/** @param registryFolder where the base images are put that the registry has to serve. */
export async function startWorld(kind: UpstreamKind, registryFolder: string): Promise<World> {
  if (kind === "stand-ins") {
    await seedSpinImages(registryFolder);
    const { mirrors, moduleDigests, close } = await startUpstream();
    // The stand-in for Spin runs nothing.
    return { mirrors, moduleDigests, close, pullThrough: [], variables: { SKIP_SPIN_UP: "true" } };
  }
  const fetch = createFetch();
  const token = process.env.GITHUB_TOKEN ?? "";
  const api = await startRelay({
    origin: "https://api.github.com",
    fetch,
    ...(token === "" ? {} : { token }),
  });
  return {
    mirrors: `https://api.github.com=${api.origin}`,
    pullThrough: [{ prefix: "spinframework", origin: "https://ghcr.io", fetch }],
    variables: {},
    moduleDigests: async () => new Map(),
    close: api.close,
  };
}
