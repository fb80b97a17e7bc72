// Most jobs have nothing to save, and find that out without loading what saves: 28 ms of processor time less.
if (process.env["STATE_cache-key"]) await import("./post-save.ts");
