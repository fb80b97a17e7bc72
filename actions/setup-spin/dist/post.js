import { createRequire as __createRequire } from "node:module"; const require = __createRequire(import.meta.url);
process.env["STATE_cache-key"]&&await import("./post-save-IPJ6QZCQ.js");
