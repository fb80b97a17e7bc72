import { rm } from "node:fs/promises";
import { info, notice, warning } from "@actions/core";
import { createTemporaryFolder, runAction, runPublishing, text } from "@spin-publisher/action-runtime";
import { releasesOfSpin } from "./base/spin-releases.ts";
import { build } from "./build.ts";
import { anonymousReader } from "./content/public-content.ts";
import { readInputs } from "./inputs.ts";
import { platformsOutput, shimReport, usage } from "./report.ts";

await runAction("shim", async () => {
  const ended = new AbortController(); // for requests whose answers turned out to be unnecessary
  const { inputs, request } = await readInputs(ended.signal);
  const temporaryFolder = await createTemporaryFolder("shim-", "Building the shim");
  const dependencies = {
    ...releasesOfSpin({ fetch: inputs.fetch, token: text("github-token") }),
    anonymous: anonymousReader(inputs.fetch, request.plainHttp),
    temporaryFolder,
    log: info,
    warn: warning,
    notice,
  };
  try {
    await runPublishing({
      inputs,
      what: "shim",
      repository: request.image,
      tag: request.tag,
      build: async (state, reader) => {
        const { builder } = request;
        const verifyBase = builder.kind === "append" ? builder.verifyBase?.(reader) : undefined;
        const shim = await build(request, state, { ...dependencies, reader, verifyBase });
        return { ...shim, ...shimReport(shim, request.platforms) };
      },
      outputsOfPromoted: ({ manifest }) => platformsOutput(manifest.document),
      usage,
    });
  } finally {
    ended.abort();
    await rm(temporaryFolder, { recursive: true, force: true });
  }
});
