/** The proxies of a job, as undici's `EnvHttpProxyAgent` takes them; empty if there is none. */
export interface Proxies {
  readonly httpProxy: string;
  readonly httpsProxy: string;
  readonly noProxy: string;
}

/**
 * Reads `HTTP_PROXY`, `HTTPS_PROXY` and `NO_PROXY`, lower-case names first as in curl. A proxy without a scheme is an HTTP
 * proxy.
 *
 * @throws Error naming the variable that is not the address of an HTTP proxy. The value is not shown: it may contain a
 *   password.
 */
export function proxiesOf(environment: Readonly<Record<string, string | undefined>>): Proxies {
  const address = (name: string): string => {
    const value = environment[name.toLowerCase()] || environment[name] || "";
    if (value === "") return "";
    const url = URL.parse(value.includes("://") ? value : `http://${value}`);
    if (url !== null && /^https?:$/.test(url.protocol)) return url.href;
    throw new Error(`${name} is not the address of an HTTP proxy such as http://proxy.example.com:3128.`);
  };
  return {
    httpProxy: address("HTTP_PROXY"),
    httpsProxy: address("HTTPS_PROXY"),
    noProxy: environment.no_proxy || environment.NO_PROXY || "",
  };
}
