// Loaded with the first request. undici is CommonJS, and a bundled `import()` of it has only a default export; the bundler
// resolves named exports of a module that is itself loaded lazily.
export { Agent, EnvHttpProxyAgent, fetch, Response, request } from "undici";
