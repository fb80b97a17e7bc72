import { createFetch, type Fetch, type RetryOptions, retryPolicy } from "@spin-publisher/http";
import { createAuthorization } from "../auth/authorization.ts";
import type { CredentialSource } from "../auth/credential.ts";
import { registryOrigin } from "../spec/origin.ts";
import { formatReference } from "../spec/reference.ts";
import { pullTags } from "./list-tags.ts";
import { pullBlob, pullBlobStream, pullManifest } from "./pull.ts";
import { createSender } from "./send.ts";
import { createSinglePost } from "./single-post.ts";
import { countTraffic } from "./traffic.ts";
import type { FetchedManifest, PublishEvent, RegistryClient } from "./types.ts";

export interface RegistryClientOptions {
  readonly fetch?: Fetch;
  /** Anonymous if omitted. */
  readonly credentials?: CredentialSource;
  /** Which registries use plain HTTP, all of them if `true`; loopback hosts always do. */
  readonly insecure?: boolean | ((registry: string) => boolean);
  readonly onEvent?: (event: PublishEvent) => void;
  /** For work of more than one request, such as an upload that has to start again. */
  readonly retry?: RetryOptions;
}

/**
 * A client for any number of registries, for one run: it keeps tokens, credentials, manifests read by digest, and what it
 * learned about each registry.
 */
export function createRegistryClient(options: RegistryClientOptions = {}): RegistryClient {
  const { credentials = async () => ({ kind: "anonymous" }), insecure = false, onEvent = () => {} } = options;
  const isInsecure = typeof insecure === "function" ? insecure : () => insecure;
  const fetch = options.fetch ?? createFetch(options.retry === undefined ? {} : { retry: options.retry });
  const retry = retryPolicy(options.retry);
  const traffic = countTraffic(fetch, onEvent);
  const url: RegistryClient["url"] = ({ registry, name }, path) =>
    new URL(path, `${registryOrigin(registry, isInsecure(registry))}/v2/${name}/`);
  const authorization = createAuthorization({
    fetch: traffic.fetch,
    credentials,
    retry,
    originOf: (repository) => url(repository, ""),
  });
  const byDigest = new Map<string, FetchedManifest>();

  const client: RegistryClient = {
    url,
    send: createSender({ traffic, authorization, retry, url }),
    manifest: async (reference) => {
      const { registry, name, digest } = reference;
      if (digest === undefined) return pullManifest(client, reference, "pull");
      const key = formatReference({ registry, name, digest });
      const manifest = byDigest.get(key) ?? (await pullManifest(client, reference, "pull"));
      if (manifest !== undefined) byDigest.set(key, manifest);
      return manifest;
    },
    blob: (repository, descriptor, limit) => pullBlob(client, repository, descriptor, limit),
    blobStream: (repository, descriptor) => pullBlobStream(client, repository, descriptor),
    tags: (repository) => pullTags(client, repository),
    traffic: traffic.soFar,
    tell: (event) => {
      if (event.kind === "retry") traffic.retried(event.what, event);
      else onEvent(event);
    },
    retry,
    singlePost: createSinglePost(),
  };
  return client;
}
