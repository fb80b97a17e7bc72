import { getState, info, notice, warning } from "@actions/core";
import { runAction } from "@spin-publisher/action-runtime";
import { logTo } from "./report.ts";
import { saveToCache } from "./tool/actions-cache.ts";

await runAction("cache of Spin", async () => {
  const entry = { key: getState("cache-key"), path: getState("cache-path") };
  await saveToCache(entry, Number(getState("cache-patience")), logTo({ info, notice, warning }));
});
// A cache service that was given up may keep its connection open for minutes.
process.stdout.write("", () => process.exit());
