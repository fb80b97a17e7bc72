import {
  addPath,
  exportVariable,
  info,
  notice,
  saveState,
  setOutput,
  setSecret,
  summary,
  warning,
} from "@actions/core";
import { runAction } from "@spin-publisher/action-runtime";
import { createFetch } from "@spin-publisher/http";
import { readInputs } from "./inputs.ts";
import { install } from "./install.ts";
import { logTo, outputsOf, stateOf, summaryOf, variablesOf } from "./report.ts";
import { startsOn } from "./tool/platform.ts";

await runAction("Spin", async () => {
  const request = readInputs(process.env);
  if (request.token !== "") setSecret(request.token);
  const installed = await install(request, {
    fetch: createFetch({ environment: process.env }),
    environment: process.env,
    platform: process.platform,
    startsHere: (target) => startsOn(target, process.platform, process.arch),
    onEvent: logTo({ info, notice, warning }),
  });
  addPath(installed.tool.folder);
  for (const [name, value] of outputsOf(installed)) setOutput(name, value);
  for (const [name, value] of variablesOf(installed)) exportVariable(name, value);
  for (const [name, value] of stateOf(installed)) saveState(name, value);
  if (process.env.GITHUB_STEP_SUMMARY) await summary.addRaw(summaryOf(installed), true).write();
});
// A cache service that was given up may keep its connection open for minutes.
process.stdout.write("", () => process.exit());
