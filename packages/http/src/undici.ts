// Loaded with the first request. Of undici only what is used: its entry also loads mocks, caches, interceptors and web
// sockets, which is half of the time that an action's first request waits for. Its parts are CommonJS, whose default
// export is `module.exports`; they are not a public interface, so the exact version is pinned (pnpm-workspace.yaml).
import type { Dispatcher as UndiciDispatcher } from "undici";
import api from "undici/lib/api/index.js";
import Agent from "undici/lib/dispatcher/agent.js";
import Dispatcher from "undici/lib/dispatcher/dispatcher.js";
import EnvHttpProxyAgent from "undici/lib/dispatcher/env-http-proxy-agent.js";
import fetching from "undici/lib/web/fetch/index.js";
import responses from "undici/lib/web/fetch/response.js";

// As undici's entry does: its proxies call `connect` of a dispatcher.
Object.assign(Dispatcher.prototype, api);

const { fetch } = fetching;
const { Response } = responses;

export { Agent, EnvHttpProxyAgent, fetch, Response };

/** undici's `request` with a given dispatcher: the body of its answer is a Node stream. */
export function request(
  url: URL,
  {
    dispatcher,
    ...options
  }: { readonly dispatcher: UndiciDispatcher } & Omit<UndiciDispatcher.RequestOptions, "origin" | "path">,
): Promise<UndiciDispatcher.ResponseData> {
  return dispatcher.request({ ...options, origin: url.origin, path: url.pathname + url.search });
}
