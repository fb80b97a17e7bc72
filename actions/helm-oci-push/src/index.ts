import { join } from "node:path";
import { info, notice, warning } from "@actions/core";
import {
  choice,
  pairs,
  readPublishingInputs,
  requiredText,
  runAction,
  runPublishing,
  text,
} from "@spin-publisher/action-runtime";
import { parseRepository } from "@spin-publisher/oci";
import { type ChartInputs, chooseArtifact, packChart, readChart } from "./build.ts";
import { createdAt } from "./created.ts";
import { lint } from "./lint/lint.ts";
import type { Finding } from "./lint/structure.ts";
import { chartTag, requireReleasedVersion } from "./release.ts";
import { summarise } from "./summary.ts";

await runAction(async () => {
  const inputs = readPublishingInputs();
  const { event } = inputs;
  const workspace = process.env.GITHUB_WORKSPACE ?? process.cwd();
  const given: ChartInputs = {
    folder: requiredText("chart"),
    workspace,
    version: text("version"),
    appVersion: text("app-version"),
    values: pairs("values"),
  };
  const mode = choice("lint", ["auto", "required", "off"]);
  const created = createdAt(process.env.SOURCE_DATE_EPOCH);
  const { chart, document } = await readChart(given);
  const { metadata } = chart;
  requireReleasedVersion(event.pushed, metadata, join(given.folder, "Chart.yaml"));
  // Owners on GitHub can have upper-case letters, repositories in a registry cannot.
  const repository = parseRepository(
    `${requiredText("repository").replace(/\/+$/, "")}/${metadata.name}`.toLowerCase(),
  );
  await runPublishing({
    ...{ inputs, repository, what: "chart", tag: chartTag(metadata) },
    build: async (state, reader) => {
      const packed = await packChart(chart, given.folder, {
        fetch: inputs.fetch,
        reader,
        boundary: workspace,
      });
      for (const { name, version, from } of packed.resolved) info(`  ${name} ${version} from ${from}`);
      for (const finding of await lint(packed.chart, document, packed.archive, mode)) tell(finding);
      const { existing } = await state;
      const chosen = await chooseArtifact(packed, {
        ...{ repository, existing, reader, created },
        immutable: inputs.immutable,
        source: `${event.serverUrl}/${event.repository.owner}/${event.repository.name}`,
        annotations: inputs.annotations,
      });
      return {
        ...chosen,
        outputs: { name: metadata.name, version: metadata.version, "app-version": metadata.appVersion },
        summary: summarise(packed),
      };
    },
  });
});

function tell({ severity, message }: Finding): void {
  if (severity === "warning") warning(message);
  else if (message.startsWith("there is no helm")) notice(message);
  else info(`  ${message}`);
}
