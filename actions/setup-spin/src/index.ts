import { addPath, info, notice, saveState, setOutput, setSecret, summary, warning } from "@actions/core";
import { runAction } from "@spin-publisher/action-runtime";
import { createFetch } from "@spin-publisher/http";
import { readInputs } from "./inputs.ts";
import { install } from "./install.ts";
import { describeEvent, outputsOf, summaryOf } from "./report.ts";
import { startsOn } from "./tool/platform.ts";

const say = { info, notice, warning };

await runAction("Spin", async () => {
  const request = readInputs(process.env);
  if (request.token !== "") setSecret(request.token);
  const installed = await install(request, {
    fetch: createFetch({ environment: process.env }),
    startsHere: (target) => startsOn(target, process.platform, process.arch),
    onEvent: (event) => {
      const { level, message } = describeEvent(event);
      say[level](message);
    },
  });

  addPath(installed.tool.folder);
  for (const [name, value] of Object.entries(outputsOf(installed))) setOutput(name, value);
  if (installed.keep !== undefined) {
    saveState("cache-key", installed.keep.key);
    saveState("cache-path", installed.keep.path);
  }
  if (process.env.GITHUB_STEP_SUMMARY) await summary.addRaw(summaryOf(installed), true).write();
});
