import { join } from "node:path";
import { info, notice, warning } from "@actions/core";
import { runAction, runPublishing } from "@spin-publisher/action-runtime";
import { parseRepository } from "@spin-publisher/oci";
import { chooseArtifact } from "./artifact/choose-artifact.ts";
import { packChart } from "./chart/pack-chart.ts";
import { readChart } from "./chart/read-chart.ts";
import { readInputs } from "./inputs.ts";
import { lint } from "./lint/lint.ts";
import { summarise } from "./report.ts";
import { chartTag, requireReleasedVersion } from "./version/release.ts";

const log = { error: info, warning, notice, info: (message: string) => info(`  ${message}`) };

await runAction(async () => {
  const inputs = await readInputs();
  const { publishing, record } = inputs;
  const { folder, workspace } = inputs.chart;
  const read = await readChart(inputs.chart);
  const { name, version, appVersion } = read.chart.metadata;
  requireReleasedVersion(publishing.event.pushed, read.chart.metadata, join(folder, "Chart.yaml"));
  const repository = parseRepository(`${inputs.repository}/${name}`);
  await runPublishing({
    ...{ inputs: publishing, what: "chart", repository, tag: chartTag(read.chart.metadata) },
    build: async (state, reader) => {
      const packed = await packChart(read.chart, folder, {
        fetch: publishing.fetch,
        reader,
        boundary: workspace,
      });
      for (const { name, version, from } of packed.resolved) log.info(`${name} ${version} from ${from}`);
      const findings = await lint(packed.chart, read.document, packed.archive, inputs.lint);
      for (const { severity, message } of findings) log[severity](message);
      const { existing } = await state;
      const { immutable } = publishing;
      return {
        ...(await chooseArtifact(packed, record, { repository, existing, immutable, reader })),
        outputs: { name, version, "app-version": appVersion },
        summary: summarise(packed),
      };
    },
  });
});
