import { getState, info, notice, warning } from "@actions/core";
import { runAction } from "@spin-publisher/action-runtime";
import { describeEvent } from "./report.ts";
import { saveToCache } from "./tool/actions-cache.ts";

const say = { info, notice, warning };

await runAction("cache of Spin", async () => {
  const key = getState("cache-key");
  if (key === "") return;
  await saveToCache({ key, path: getState("cache-path") }, (event) => {
    const { level, message } = describeEvent(event);
    say[level](message);
  });
});
