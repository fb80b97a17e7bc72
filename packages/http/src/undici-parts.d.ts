// Types of the parts of undici that `undici.ts` loads one by one.
declare module "undici/lib/api/index.js" {
  const api: object;
  export default api;
}
declare module "undici/lib/dispatcher/agent.js" {
  import { Agent } from "undici";
  export default Agent;
}
declare module "undici/lib/dispatcher/dispatcher.js" {
  import { Dispatcher } from "undici";
  export default Dispatcher;
}
declare module "undici/lib/dispatcher/env-http-proxy-agent.js" {
  import { EnvHttpProxyAgent } from "undici";
  export default EnvHttpProxyAgent;
}
declare module "undici/lib/web/fetch/index.js" {
  import type { fetch } from "undici";

  const fetching: { readonly fetch: typeof fetch };
  export default fetching;
}
declare module "undici/lib/web/fetch/response.js" {
  import type { Response } from "undici";

  const responses: { readonly Response: typeof Response };
  export default responses;
}
