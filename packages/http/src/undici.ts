// What is loaded with the first request. undici is CommonJS, of which a bundled `import()` gives the default export
// only; named imports of a module that is itself loaded lazily are resolved by the bundler.
export { Agent, EnvHttpProxyAgent, fetch, Response } from "undici";
