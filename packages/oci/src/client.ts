import {
  createFetch,
  type Fetch,
  type FetchInit,
  type RetryOptions,
  retryPolicy,
} from "@spin-publisher/http";
import { createAuthorization } from "./authorization.ts";
import { registryOrigin } from "./origin.ts";
import { pullBlob, pullBlobStream, pullManifest } from "./pull.ts";
import type { Reference, Repository } from "./reference.ts";
import type {
  CredentialSource,
  FetchedManifest,
  PublishEvent,
  RegistryClient,
  RegistryRequest,
  RequestBody,
} from "./registry.ts";
import { pullTags } from "./tags.ts";

export interface RegistryClientOptions {
  readonly fetch?: Fetch;
  /** Anonymous where it is left out. */
  readonly credentials?: CredentialSource;
  /** Which registries speak plain HTTP, all of them where it is `true`; loopback hosts do by themselves. */
  readonly insecure?: boolean | ((registry: string) => boolean);
  readonly onEvent?: (event: PublishEvent) => void;
  /** For what is more than one request, such as an upload that has to start again. */
  readonly retry?: RetryOptions;
}

/**
 * A client for any number of registries, for the length of one run: tokens, credentials, manifests read by digest
 * and what was learned about registries are kept in it.
 */
export function createRegistryClient(options: RegistryClientOptions = {}): RegistryClient {
  const { credentials = async () => ({ kind: "anonymous" }), insecure = false, onEvent = () => {} } = options;
  const isInsecure = typeof insecure === "function" ? insecure : () => insecure;
  const fetch = options.fetch ?? createFetch(options.retry === undefined ? {} : { retry: options.retry });
  const traffic = { requests: 0, retries: 0, uploadedBytes: 0 };
  const byDigest = new Map<string, FetchedManifest>();

  const exchange: Fetch = (input, init = {}) => {
    const url = new URL(input);
    traffic.requests += 1;
    return fetch(url, {
      ...init,
      onRetry: (retry) => {
        traffic.requests += 1;
        init.onRetry?.(retry);
        noteRetry(`${init.method ?? "GET"} ${url.pathname}`, retry);
      },
    });
  };

  const noteRetry = (what: string, retry: { because: string; delayMilliseconds: number }) => {
    traffic.retries += 1;
    onEvent({ kind: "retry", what, because: retry.because, delayMilliseconds: retry.delayMilliseconds });
  };

  const urlOf = (repository: Repository, path: string | URL): URL =>
    new URL(
      path,
      `${registryOrigin(repository.registry, isInsecure(repository.registry))}/v2/${repository.name}/`,
    );

  const retry = retryPolicy(options.retry);
  const originOf = (repository: Repository): URL => urlOf(repository, "");
  const authorization = createAuthorization({ fetch: exchange, credentials, retry, originOf });
  /** Repositories in which a write has succeeded. */
  const written = new Set<string>();

  const send = async (request: RegistryRequest): Promise<Response> => {
    const { repository, body } = request;
    const { origin, href: key } = originOf(repository);
    const url = urlOf(repository, request.path);
    const attempt = (header: string | undefined) => {
      const size = body?.size ?? 0;
      traffic.uploadedBytes += size;
      const onRetry = () => {
        traffic.uploadedBytes += size;
      };
      return exchange(url, { ...initOf(request, header), onRetry });
    };
    // Credentials are for the registry; an upload may well go to an object store elsewhere.
    if (url.origin !== origin) return attempt(undefined);
    let header = await authorization.header(request);
    let response = await attempt(header);
    for (let renewals = 0; response.status === 401 && !isStream(body) && renewals < 2; renewals += 1) {
      const challenge = response.headers.get("www-authenticate") ?? "";
      // A new token that is refused was either too late, which may happen, or never enough.
      if (renewals > 0 && !challenge.includes("invalid_token")) break;
      const better = await authorization.renewed(request, challenge, header);
      if (better === undefined) break;
      await response.body?.cancel();
      header = better;
      response = await attempt(header);
    }
    if (response.status === 201) written.add(key);
    // ghcr.io refuses at random what it allowed a moment ago (docker/build-push-action#463). Not within an upload
    // session, which is never written to twice.
    const again = response.status === 403 && typeof request.path === "string" && request.method !== "GET";
    if (!again || !written.has(key)) return response;
    await response.body?.cancel();
    const because = "403 after writes that were allowed";
    noteRetry(`${request.method} ${url.pathname}`, { because, delayMilliseconds: secondChance });
    await retry.sleep(secondChance, request.signal);
    return attempt(header);
  };

  const client: RegistryClient = {
    url: urlOf,
    send,
    manifest: async (reference: Reference) => {
      const { registry, name, digest } = reference;
      const key = `${registry}/${name}@${digest}`;
      const kept = byDigest.get(key);
      if (kept !== undefined) return kept;
      const manifest = await pullManifest(client, reference, "pull");
      if (manifest !== undefined && digest !== undefined) byDigest.set(key, manifest);
      return manifest;
    },
    blob: (repository, descriptor, limit) => pullBlob(client, repository, descriptor, limit),
    blobStream: (repository, descriptor) => pullBlobStream(client, repository, descriptor),
    tags: (repository) => pullTags(client, repository),
    traffic: () => ({ ...traffic }),
    tell: (event) => {
      if (event.kind === "retry") noteRetry(event.what, event);
      else onEvent(event);
    },
    retry,
    takesSinglePost: new Map(),
  };
  return client;
}

/** Milliseconds to wait before a refusal is doubted. */
const secondChance = 1000;

/** A body of more than this gets a connection of its own. */
const bulkSize = 1 << 20;

function isStream(body: RequestBody | undefined): boolean {
  return body?.content instanceof ReadableStream;
}

function initOf(request: RegistryRequest, authorization: string | undefined): FetchInit {
  const { method, headers, body, retry, bodyLimit, signal } = request;
  const length = body === undefined && method === "POST" ? { "content-length": "0" } : {};
  const stream = isStream(body);
  return {
    method,
    headers: {
      "user-agent": "spin-publisher",
      ...length,
      ...(stream ? { "content-length": String(body?.size) } : {}),
      ...headers,
      ...(authorization === undefined ? {} : { authorization }),
    },
    ...(body === undefined ? {} : { body: body.content }),
    ...(stream ? { duplex: "half" } : {}),
    ...(request.bulk === true || (body !== undefined && body.size > bulkSize) ? { bulk: true } : {}),
    ...(retry === undefined ? {} : { retry }),
    ...(bodyLimit === undefined ? {} : { bodyLimit }),
    ...(signal === undefined ? {} : { signal }),
  };
}
