import { getState, warning } from "@actions/core";
import { runAction } from "@spin-publisher/action-runtime";
import { keepInCache } from "./tool/fetch-archive.ts";

await runAction(async () => {
  const key = getState("cache-key");
  if (key !== "") await keepInCache({ key, path: getState("cache-path") }, warning);
});
