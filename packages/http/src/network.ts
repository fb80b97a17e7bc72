import { Readable } from "node:stream";
import type { Dispatcher } from "undici";
import { isLoopback } from "./loopback.ts";
import { proxiesOf } from "./proxies.ts";
import { proxyFailure } from "./proxy-failure.ts";
import { headerEntries, mayHaveBody } from "./rebuild-response.ts";

/** Environment variables. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** What an exchange needs to know about a request beyond the platform's `RequestInit`. */
export interface ExchangeInit extends RequestInit {
  /**
   * A large body is sent or received: it gets an HTTP/1.1 connection of its own, and the server more time to answer, since
   * it may hash the body first. HTTP/2 is slower for large bodies, because all streams share one window
   * (google/go-containerregistry#799).
   */
  readonly bulk?: boolean;
  /** A redirect that would turn the request into a GET is returned instead of followed. */
  readonly keepsMethod?: boolean;
  /**
   * Opens a body that is streamed, as often as it is sent, in place of `body`; `content-length` must be set. It never holds
   * more than a few chunks in memory, where the platform's `fetch` keeps a copy of every body that it streams.
   */
  readonly openBody?: () => AsyncIterable<Uint8Array>;
}

/** One request and its response: no redirects, no retries. */
export type Exchange = (url: URL, init: ExchangeInit) => Promise<Response>;

/** How long to wait while nothing happens, in milliseconds. */
export interface Timeouts {
  readonly connect: number;
  /** From the end of the request to the response headers. */
  readonly answer: number;
  /** The same after a bulk request. */
  readonly bulkAnswer: number;
  /** Between two chunks of the response body. */
  readonly body: number;
}

export interface NetworkOptions {
  /** `HTTP_PROXY`, `HTTPS_PROXY` and `NO_PROXY`, in either case. */
  readonly environment?: Environment;
  readonly timeouts?: Partial<Timeouts>;
}

/** Connections to one origin over HTTP/1.1; over HTTP/2 there is one for all. */
const connections = 16;

/** Larger response headers, in bytes, are an error. */
const headerLimit = 64 << 10;

/**
 * The network as the job's environment describes it: HTTP/2 where the server offers it, connections kept alive, proxies
 * (never for loopback), and the certificates of `NODE_EXTRA_CA_CERTS`, which Node reads itself.
 */
export function createNetwork(options: NetworkOptions = {}): Exchange {
  const { environment = {} } = options;
  const timeouts = {
    connect: 10_000,
    answer: 60_000,
    bulkAnswer: 300_000,
    body: 60_000,
    ...options.timeouts,
  };
  let opened: ReturnType<typeof open> | undefined;
  return async (url, { bulk = false, openBody, keepsMethod: _keepsMethod, ...init }) => {
    opened ??= open(environment, timeouts);
    const { fetch, stream, direct, outward, proxies } = await opened;
    const { small, large } = isLoopback(url.hostname) ? direct : outward;
    const dispatcher = bulk ? large : small;
    const sent =
      openBody === undefined ? fetch(url, init, dispatcher) : stream(url, init, openBody, dispatcher);
    return sent.catch((error: unknown) => {
      const cause = isLoopback(url.hostname) ? undefined : proxyFailure(error, url, proxies);
      throw cause === undefined ? error : new TypeError("fetch failed", { cause });
    });
  };
}

async function open(environment: Environment, timeouts: Timeouts) {
  // Loaded with the first request: an action that needs none starts without it.
  const { Agent, EnvHttpProxyAgent, fetch, request, Response: Streamed } = await import("./undici.ts");
  const common = {
    connections,
    connectTimeout: timeouts.connect,
    bodyTimeout: timeouts.body,
    keepAliveTimeout: 30_000,
    maxHeaderSize: headerLimit,
  };
  const kinds = {
    small: { ...common, headersTimeout: timeouts.answer },
    large: { ...common, headersTimeout: timeouts.bulkAnswer, allowH2: false },
  };
  const proxies = proxiesOf(environment);
  return {
    proxies,
    direct: { small: new Agent(kinds.small), large: new Agent(kinds.large) },
    outward: {
      small: new EnvHttpProxyAgent({ ...kinds.small, ...proxies }),
      large: new EnvHttpProxyAgent({ ...kinds.large, ...proxies }),
    },
    // undici's types and the platform's describe the same interfaces and differ only in details that we do not use.
    fetch: (url: URL, init: RequestInit, dispatcher: Dispatcher): Promise<Response> =>
      fetch(url, { ...init, dispatcher } as object) as Promise<unknown> as Promise<Response>,
    stream: async (
      url: URL,
      { method = "PUT", headers, signal }: RequestInit,
      openBody: () => AsyncIterable<Uint8Array>,
      dispatcher: Dispatcher,
    ): Promise<Response> => {
      let fromSource: { readonly error: unknown } | undefined;
      const body = async function* () {
        try {
          yield* openBody();
        } catch (error) {
          fromSource = { error };
          throw error;
        }
      };
      const answer = await request(url, {
        dispatcher,
        method: method as Dispatcher.HttpMethod,
        headers: Object.fromEntries(headerEntries(headers)),
        body: Readable.from(body(), { objectMode: false }),
        ...(signal ? { signal } : {}),
      }).catch((cause: unknown) => {
        if (fromSource !== undefined) throw fromSource.error;
        // As `fetch` reports it; an abort is passed on by its reason.
        throw signal?.aborted === true ? cause : new TypeError("fetch failed", { cause });
      });
      const { statusCode: status, statusText, headers: received } = answer;
      const entries = Object.entries(received).flatMap(([name, value = ""]) =>
        [value].flat().map((text): [string, string] => [name, text]),
      );
      if (!mayHaveBody(status)) await answer.body.dump();
      const content = mayHaveBody(status) ? Readable.toWeb(answer.body) : null;
      return new Streamed(content, { status, statusText, headers: entries }) as unknown as Response;
    },
  };
}
