import { type FetchInit, notesOf, type RetryPolicy } from "@spin-publisher/http";
import type { Authorization } from "../auth/authorization.ts";
import { sentWith } from "../refusals/sent-credentials.ts";
import type { CountedFetch } from "./traffic.ts";
import type { RegistryClient, RegistryRequest } from "./types.ts";

export interface SenderDependencies {
  readonly traffic: CountedFetch;
  readonly authorization: Authorization;
  readonly retry: RetryPolicy;
  readonly url: RegistryClient["url"];
}

/** Milliseconds to wait before a refusal that may be a mistake is retried. */
const secondChance = 1000;

/** A larger body gets a connection of its own. */
const bulkSize = 1 << 20;

/**
 * Sends requests with the credentials that their registry asks for, and answers its challenges. The last response is
 * returned whatever it is, including a 401 that remains.
 */
export function createSender({
  traffic,
  authorization,
  retry,
  url,
}: SenderDependencies): RegistryClient["send"] {
  /** Repositories in which a write has succeeded. */
  const written = new Set<string>();

  const once = (request: RegistryRequest, header: string | undefined): Promise<Response> =>
    traffic.fetch(url(request.repository, request.path), initOf(request, header));

  /** The response, and the header of the request it answers. */
  const authorized = async (request: RegistryRequest) => {
    let header = await authorization.header(request);
    let response = await once(request, header);
    for (let renewals = 0; response.status === 401 && renewals < 2; renewals += 1) {
      const challenge = response.headers.get("www-authenticate") ?? "";
      // A second new token helps only if the first one had expired already; otherwise it grants too little.
      if (renewals > 0 && !challenge.includes("invalid_token")) break;
      const better = await authorization.renewed(request, challenge, header);
      if (better === undefined) break;
      await response.body?.cancel();
      header = better;
      response = await once(request, header);
    }
    return { response, header };
  };

  return async (request) => {
    const repository = url(request.repository, "");
    const { origin } = url(request.repository, request.path);
    // Credentials are for the registry only; an upload may go to an object store elsewhere.
    if (origin !== repository.origin) return once(request, undefined);
    const { response, header } = await authorized(request);
    if (response.status === 201) written.add(repository.href);
    const sender = await authorization.sender(request.repository);
    const isFinal = response.status !== 403 || notesOf(response).transient !== undefined;
    if (isFinal || !written.has(repository.href) || !mayBeRepeated(request)) {
      return sentWith(response, sender);
    }
    // ghcr.io randomly refuses what it allowed a moment ago (docker/build-push-action#463).
    await response.body?.cancel();
    traffic.retried(`${request.method} ${request.path}`, {
      because: "403, although earlier writes were allowed",
      delayMilliseconds: secondChance,
    });
    await retry.sleep(secondChance, request.signal);
    return sentWith(await once(request, header), sender);
  };
}

/** Not within an upload session, which must not be written to twice. */
function mayBeRepeated({ path, method }: RegistryRequest): boolean {
  return typeof path === "string" && method !== "GET";
}

function initOf(request: RegistryRequest, authorization: string | undefined): FetchInit {
  const { method, headers, body, retry, bodyLimit, redirect, signal } = request;
  const bulk = request.bulk === true || (body !== undefined && body.size > bulkSize);
  const isRead = method === "GET" || method === "HEAD";
  return {
    method,
    headers: {
      "user-agent": "spin-publisher",
      // Some proxies refuse a POST without a Content-Length.
      ...(body === undefined && method === "POST" ? { "content-length": "0" } : {}),
      ...(typeof body?.content === "function" ? { "content-length": String(body.size) } : {}),
      ...headers,
      ...(authorization === undefined ? {} : { authorization }),
    },
    ...(typeof body?.content === "function" ? { openBody: body.content } : {}),
    ...(body !== undefined && typeof body.content !== "function" ? { body: body.content } : {}),
    ...(isRead ? {} : { keepsMethod: true }),
    ...(bulk ? { bulk } : {}),
    ...(retry === undefined ? {} : { retry }),
    ...(bodyLimit === undefined ? {} : { bodyLimit }),
    ...(redirect === undefined ? {} : { redirect }),
    ...(signal === undefined ? {} : { signal }),
  };
}
