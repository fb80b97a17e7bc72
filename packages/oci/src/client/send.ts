import type { FetchInit, RetryPolicy } from "@spin-publisher/http";
import type { Authorization } from "../auth/authorization.ts";
import type { CountedFetch } from "./traffic.ts";
import type { RegistryClient, RegistryRequest, RequestBody } from "./types.ts";

/** What sending a request needs. */
export interface SendingWorld {
  readonly traffic: CountedFetch;
  readonly authorization: Authorization;
  readonly retry: RetryPolicy;
  readonly url: RegistryClient["url"];
}

/** Milliseconds to wait before a refusal is doubted. */
const secondChance = 1000;

/** A body of more than this gets a connection of its own. */
const bulkSize = 1 << 20;

/**
 * Sends requests with what their registry wants to see of us, and answers its challenges. Whatever it answers in the end
 * is returned, an unsatisfied 401 too.
 */
export function createSender({ traffic, authorization, retry, url }: SendingWorld): RegistryClient["send"] {
  /** Repositories in which a write has succeeded. */
  const written = new Set<string>();

  const once = (request: RegistryRequest, header: string | undefined): Promise<Response> => {
    const size = request.body?.size ?? 0;
    traffic.sending(size);
    const onRetry = () => traffic.sending(size);
    return traffic.fetch(url(request.repository, request.path), { ...initOf(request, header), onRetry });
  };

  /** The answer, and the header that it was given to. */
  const authorized = async (request: RegistryRequest) => {
    let header = await authorization.header(request);
    let response = await once(request, header);
    for (
      let renewals = 0;
      response.status === 401 && !isStream(request.body) && renewals < 2;
      renewals += 1
    ) {
      const challenge = response.headers.get("www-authenticate") ?? "";
      // A new token that is refused was either too late, which may happen again, or never enough.
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
    // Credentials are for the registry; an upload may well go to an object store elsewhere.
    if (origin !== repository.origin) return once(request, undefined);
    const { response, header } = await authorized(request);
    if (response.status === 201) written.add(repository.href);
    if (response.status !== 403 || !written.has(repository.href) || !mayBeRepeated(request)) return response;
    // ghcr.io refuses at random what it allowed a moment ago (docker/build-push-action#463).
    await response.body?.cancel();
    traffic.retried(`${request.method} ${request.path}`, {
      because: "403 after writes that were allowed",
      delayMilliseconds: secondChance,
    });
    await retry.sleep(secondChance, request.signal);
    return once(request, header);
  };
}

/** Not within an upload session, which is never written to twice. */
function mayBeRepeated({ path, method, body }: RegistryRequest): boolean {
  return typeof path === "string" && method !== "GET" && !isStream(body);
}

function isStream(body: RequestBody | undefined): boolean {
  return body?.content instanceof ReadableStream;
}

function initOf(request: RegistryRequest, authorization: string | undefined): FetchInit {
  const { method, headers, body, retry, bodyLimit, signal } = request;
  const bulk = request.bulk === true || (body !== undefined && body.size > bulkSize);
  return {
    method,
    headers: {
      "user-agent": "spin-publisher",
      // Some proxies refuse a POST that does not say that it has no body.
      ...(body === undefined && method === "POST" ? { "content-length": "0" } : {}),
      ...(body !== undefined && isStream(body) ? { "content-length": String(body.size) } : {}),
      ...headers,
      ...(authorization === undefined ? {} : { authorization }),
    },
    ...(body === undefined ? {} : { body: body.content }),
    ...(isStream(body) ? { duplex: "half" } : {}),
    ...(bulk ? { bulk } : {}),
    ...(retry === undefined ? {} : { retry }),
    ...(bodyLimit === undefined ? {} : { bodyLimit }),
    ...(signal === undefined ? {} : { signal }),
  };
}
