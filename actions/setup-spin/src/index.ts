import { addPath, info, notice, saveState, setOutput, summary, warning } from "@actions/core";
import { runAction } from "@spin-publisher/action-runtime";
import { createFetch } from "@spin-publisher/http";
import { readInputs } from "./inputs.ts";
import { type Installed, setup } from "./install.ts";
import { describeTarget } from "./tool/platform.ts";

await runAction(async () => {
  const installed = await setup(readInputs(), {
    fetch: createFetch(),
    report: { info, notice, warning },
    platform: process.platform,
    architecture: process.arch,
  });
  await tell(installed);
});

async function tell({ tool, cacheHit, source, integrity, plugins, keep }: Installed): Promise<void> {
  addPath(tool.folder);
  setOutput("version", tool.version);
  setOutput("arch", tool.target.architecture);
  setOutput("path", tool.binary);
  setOutput("cache-hit", String(cacheHit));
  setOutput("source", source);
  if (keep !== undefined) {
    saveState("cache-key", keep.key);
    saveState("cache-path", keep.path);
  }
  if (process.env.GITHUB_STEP_SUMMARY === undefined) return;
  const withPlugins = plugins.map(({ name, version }) => `, plugin ${name} ${version}`).join("");
  const line = `Spin ${tool.version} for ${describeTarget(tool.target)} (${source}): ${integrity}${withPlugins}`;
  await summary.addRaw(line.replace(/&/g, "&amp;").replace(/</g, "&lt;"), true).write();
}
