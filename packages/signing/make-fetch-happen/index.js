// What the Sigstore libraries fetch with, in place of the npm package of this name (pnpm-workspace.yaml): that one is half a
// megabyte, and knows neither ORIGIN_MIRRORS nor our limits. The caller says which `fetch` is meant.
const { AsyncLocalStorage } = require("node:async_hooks");

const network = new AsyncLocalStorage();

module.exports = (url, { method, headers, body } = {}) => network.getStore()(url, { method, headers, body });
module.exports.network = network;
