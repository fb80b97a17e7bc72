import type { Dispatcher } from "undici";
import { isLoopback } from "./loopback.ts";
import { proxiesOf } from "./proxies.ts";

/** What an exchange has to know about a request beyond the platform's `RequestInit`. */
export interface ExchangeInit extends RequestInit {
  /**
   * Much is sent or received: it gets an HTTP/1.1 connection of its own, and a server that has to digest it first is
   * given more time to answer. One window for many streams makes HTTP/2 the slower one for large bodies
   * (google/go-containerregistry#799).
   */
  readonly bulk?: boolean;
}

/** One request and its answer: no redirects, no retries. */
export type Exchange = (url: URL, init: ExchangeInit) => Promise<Response>;

/** How long silence is borne, in milliseconds. */
export interface Timeouts {
  readonly connect: number;
  /** From the end of the request to the head of the answer. */
  readonly answer: number;
  /** The same after a bulk request. */
  readonly bulkAnswer: number;
  /** Between two pieces of the answer's body. */
  readonly body: number;
}

export interface NetworkOptions {
  /** `HTTP_PROXY`, `HTTPS_PROXY` and `NO_PROXY`, in either case. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
  readonly timeouts?: Partial<Timeouts>;
}

/** Connections to one origin over HTTP/1.1; over HTTP/2 there is one for all. */
const connections = 16;

/** A server's headers of more than this are an error. */
const headerLimit = 64 << 10;

/**
 * The network as the job's environment describes it: HTTP/2 where the server offers it, connections kept alive, proxies
 * (never for this machine), and the certificates of `NODE_EXTRA_CA_CERTS`, which Node reads itself.
 */
export function createNetwork(options: NetworkOptions = {}): Exchange {
  const { environment = process.env } = options;
  const timeouts = {
    connect: 10_000,
    answer: 60_000,
    bulkAnswer: 300_000,
    body: 60_000,
    ...options.timeouts,
  };
  let opened: ReturnType<typeof open> | undefined;
  return async (url, { bulk = false, ...init }) => {
    opened ??= open(environment, timeouts);
    const { fetch, direct, outward } = await opened;
    const { small, large } = isLoopback(url.hostname) ? direct : outward;
    return fetch(url, init, bulk ? large : small);
  };
}

async function open(environment: Readonly<Record<string, string | undefined>>, timeouts: Timeouts) {
  // Loaded with the first request: an action that needs none starts without it.
  const { Agent, EnvHttpProxyAgent, fetch } = await import("./undici.ts");
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
    direct: { small: new Agent(kinds.small), large: new Agent(kinds.large) },
    outward: {
      small: new EnvHttpProxyAgent({ ...kinds.small, ...proxies }),
      large: new EnvHttpProxyAgent({ ...kinds.large, ...proxies }),
    },
    // undici's types and the platform's describe the same interfaces, and differ in details that nobody uses.
    fetch: (url: URL, init: RequestInit, dispatcher: Dispatcher): Promise<Response> =>
      fetch(url, { ...init, dispatcher } as object) as Promise<unknown> as Promise<Response>,
  };
}
