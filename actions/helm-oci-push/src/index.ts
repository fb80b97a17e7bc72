import { setTimeout as sleep } from "node:timers/promises";
import { info, notice, warning } from "@actions/core";
import { runAction, runPublishing } from "@spin-publisher/action-runtime";
import { buildChart } from "./build.ts";
import { readChart } from "./chart/read-chart.ts";
import { chartRepository, readInputs, versionSource } from "./inputs.ts";
import { usage } from "./report.ts";
import { chartTag, requireReleasedVersion } from "./version/release.ts";

const log = { warning, notice, info: (message: string) => info(`  ${message}`) };

await runAction("chart", async () => {
  const request = await readInputs();
  const { publishing } = request;
  const read = await readChart(request.chart);
  const { metadata } = read.chart;
  requireReleasedVersion(publishing.event.pushed, metadata.version, versionSource(request));
  const repository = chartRepository(request, metadata.name);
  await runPublishing({
    inputs: publishing,
    what: "chart",
    repository,
    tag: chartTag(metadata.version),
    build: (state, reader) =>
      buildChart(read, request, {
        fetch: publishing.fetch,
        reader,
        verify: request.verifyDependencies?.(reader),
        state,
        log,
        now: () => performance.now(),
        sleep,
      }),
    usage: (_address, options) => usage(repository, metadata, options),
  });
});
