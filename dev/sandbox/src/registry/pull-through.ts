import { createHash } from "node:crypto";
import { createWriteStream } from "node:fs";
import { rm } from "node:fs/promises";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { messageOf } from "@spin-publisher/errors";
import { type Digest, digestOf, mediaTypes } from "@spin-publisher/oci";
import { isManifestType, parseManifest } from "./manifest-document.ts";
import { type Reply, refusal } from "./reply.ts";
import type { ManifestReference, Route } from "./route.ts";
import type { Store } from "./store.ts";

/** Repositories whose content comes from another registry, where anybody may read it. */
export interface PullThrough {
  /** A repository, or a prefix of several: `spinframework` includes `spinframework/spin`. */
  readonly prefix: string;
  /** `https://ghcr.io` */
  readonly origin: string;
  /** How the origin is asked; the platform's `fetch` by default. */
  readonly fetch?: (input: string | URL, init?: RequestInit) => Promise<Response>;
}

export interface Puller {
  covers(repository: string): boolean;
  /**
   * Makes sure that what the route asks for is in the store if the origin has it.
   *
   * @returns the reply to give where the origin cannot be asked or is not to be trusted.
   */
  bring(route: Route): Promise<Reply | undefined>;
}

const accept = Object.values(mediaTypes).filter(isManifestType).join(", ");

/** @param signal ends what is under way when the registry is closed. */
export function createPullThrough(
  sources: readonly PullThrough[],
  store: Store,
  signal: AbortSignal,
): Puller {
  const sourceOf = (repository: string) =>
    sources.find(({ prefix }) => repository === prefix || repository.startsWith(`${prefix}/`));

  async function bringBlob(source: PullThrough, repository: string, digest: Digest): Promise<void> {
    if ((await store.blobSize(repository, digest)) !== undefined) return;
    const response = await ask(source, repository, `blobs/${digest}`, {}, signal);
    if (response?.body == null) return;
    const file = store.temporaryPath();
    const hash = createHash(digest.startsWith("sha512:") ? "sha512" : "sha256");
    await pipeline(
      Readable.fromWeb(response.body),
      async function* (chunks: AsyncIterable<Uint8Array>) {
        for await (const chunk of chunks) {
          hash.update(chunk);
          yield chunk;
        }
      },
      createWriteStream(file),
    );
    if (digest.endsWith(`:${hash.digest("hex")}`)) return store.adopt(repository, digest, file);
    await rm(file, { force: true });
    throw new Error(`its blob ${digest} of ${repository} has another digest`);
  }

  async function bringManifest(source: PullThrough, repository: string, wanted: ManifestReference) {
    const known = (await store.index(repository))?.manifests;
    if (wanted.kind === "digest" && known?.has(wanted.digest)) return;
    const name = wanted.kind === "tag" ? wanted.tag : wanted.digest;
    const response = await ask(source, repository, `manifests/${name}`, { accept }, signal);
    if (response === undefined) return;
    const bytes = new Uint8Array(await response.arrayBuffer());
    const digest = digestOf(bytes);
    if (wanted.kind === "digest" && wanted.digest !== digest) {
      throw new Error(`its manifest ${wanted.digest} of ${repository} has another digest`);
    }
    const [mediaType = ""] = (response.headers.get("content-type") ?? "").split(";");
    const manifest = { ...parseManifest(bytes, mediaType), digest, size: bytes.length };
    await store.change(repository, async (index) => {
      await index.add(manifest, bytes);
      if (wanted.kind === "tag") index.tags.set(wanted.tag, digest);
    });
  }

  return {
    covers: (repository) => sourceOf(repository) !== undefined,
    async bring(route) {
      const source = "repository" in route ? sourceOf(route.repository) : undefined;
      if (source === undefined) return undefined;
      try {
        if (route.kind === "blob") await bringBlob(source, route.repository, route.digest);
        if (route.kind === "manifest") await bringManifest(source, route.repository, route.reference);
        return undefined;
      } catch (error) {
        const reason = messageOf(error);
        return refusal(502, "UNKNOWN", `${source.origin} cannot be read: ${reason}`);
      }
    },
  };
}

/** A GET, repeated with an anonymous token where the origin requires one; undefined where the origin answers 404. */
async function ask(
  { origin, fetch: send = fetch }: PullThrough,
  repository: string,
  path: string,
  headers: Record<string, string>,
  signal: AbortSignal,
): Promise<Response | undefined> {
  const url = `${origin}/v2/${repository}/${path}`;
  const identity = { "accept-encoding": "identity", ...headers };
  let response = await send(url, { headers: identity, signal });
  if (response.status === 401) {
    const token = await anonymousToken(response.headers.get("www-authenticate") ?? "", repository, (url) =>
      send(url, { signal }),
    );
    response = await send(url, { headers: { ...identity, authorization: `Bearer ${token}` }, signal });
  }
  if (response.status === 404) return undefined;
  if (!response.ok) throw new Error(`it answered ${response.status} to ${path} of ${repository}`);
  return response;
}

async function anonymousToken(
  challenge: string,
  repository: string,
  send: (url: URL) => Promise<Response>,
): Promise<string> {
  const [, realm] = /^Bearer .*\brealm="([^"]+)"/i.exec(challenge) ?? [];
  const [, service] = /\bservice="([^"]*)"/i.exec(challenge) ?? [];
  if (realm === undefined) throw new Error(`it wants credentials for ${repository}`);
  const url = new URL(realm);
  if (service !== undefined) url.searchParams.set("service", service);
  url.searchParams.set("scope", `repository:${repository}:pull`);
  const response = await send(url);
  if (!response.ok) throw new Error(`its token service answered ${response.status}`);
  const { token, access_token: accessToken = token } = Object(await response.json());
  if (typeof accessToken !== "string") throw new Error("its token service gave no token");
  return accessToken;
}
