import type { Proxies } from "./proxies.ts";

/** Codes of errors that occur before a connection exists. */
const connecting = /^(?:ECONNREFUSED|EHOSTUNREACH|ENETUNREACH|ENOTFOUND|EAI_AGAIN|UND_ERR_CONNECT_TIMEOUT)$/;

/** What an error of the network or of undici may have. */
interface NetworkError {
  readonly code?: unknown;
  readonly message?: unknown;
  readonly port?: unknown;
  readonly hostname?: unknown;
  readonly cause?: unknown;
  readonly errors?: unknown;
}

/**
 * The error to throw in place of one that a proxy has caused, naming the proxy; undefined if the proxy is not the cause.
 *
 * @param url the address that was requested.
 */
export function proxyFailure(
  error: unknown,
  url: URL,
  { httpProxy, httpsProxy }: Proxies,
): Error | undefined {
  const isTls = url.protocol === "https:";
  const address = isTls && httpsProxy !== "" ? httpsProxy : httpProxy; // undici's order
  if (address === "") return undefined;
  const proxy = new URL(address);
  const name = `the proxy ${proxy.origin} (${address === httpsProxy && isTls ? "HTTPS_PROXY" : "HTTP_PROXY"})`;
  for (const { code, message, port, hostname } of causesOf(error)) {
    const refused = /^Proxy response \((\d+)\)/.exec(String(message))?.[1];
    if (refused !== undefined) return new Error(`${name} answered ${refused}`, { cause: error });
    if (typeof code !== "string" || !connecting.test(code)) continue;
    const found = `${port ?? ""} ${hostname ?? ""} ${code === "UND_ERR_CONNECT_TIMEOUT" ? message : ""}`;
    const isProxy = found.includes(portOf(proxy)) || found.includes(` ${proxy.hostname} `);
    const isTarget = found.includes(` ${url.hostname} `) || (port !== undefined && `${port}` === portOf(url));
    if (isProxy && !isTarget) return new Error(`${name} does not answer (${code})`, { cause: error });
  }
  return undefined;
}

function portOf({ port, protocol }: URL): string {
  return port || (protocol === "https:" ? "443" : "80");
}

function* causesOf(error: unknown): Iterable<NetworkError> {
  for (let current = error; typeof current === "object" && current !== null; ) {
    const { errors, cause }: NetworkError = current;
    yield current;
    if (Array.isArray(errors)) yield* errors;
    current = cause;
  }
}
