import { addPath, info, setOutput, warning } from "@actions/core";
import { runAction } from "@spin-publisher/action-runtime";
import { createFetch } from "@spin-publisher/http";
import { readInputs } from "./inputs.ts";
import { setup } from "./setup.ts";

await runAction(async () => {
  const installed = await setup(readInputs(), {
    fetch: createFetch(),
    report: { info, warning },
    platform: process.platform,
    architecture: process.arch,
  });
  addPath(installed.folder);
  setOutput("version", installed.version);
  setOutput("arch", installed.target.architecture);
  setOutput("path", installed.binary);
  setOutput("cache-hit", String(installed.cacheHit));
  setOutput("source", installed.source);
});
