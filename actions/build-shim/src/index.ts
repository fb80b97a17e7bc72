import { rm } from "node:fs/promises";
import {
  createTemporaryFolder,
  readPublishingInputs,
  runAction,
  runPublishing,
  text,
} from "@spin-publisher/action-runtime";
import { releasesOfSpin } from "./base/spin-releases.ts";
import { build } from "./build.ts";
import { readRequest } from "./inputs.ts";
import { shimReport, usage } from "./report.ts";

await runAction("shim", async () => {
  const inputs = await readPublishingInputs();
  const request = await readRequest(inputs);
  const releases = releasesOfSpin({ fetch: inputs.fetch, token: text("github-token") });
  const temporaryFolder = await createTemporaryFolder("shim-", "Building the shim");
  const dependencies = { ...releases, temporaryFolder, log: (line: string) => console.log(line) };
  try {
    await runPublishing({
      inputs,
      what: "shim",
      repository: request.image,
      tag: request.tag,
      build: async (state, reader) => {
        const shim = await build(request, state, { ...dependencies, reader });
        return { ...shim, ...shimReport(shim.artifact, request.platforms) };
      },
      usage,
    });
  } finally {
    await rm(temporaryFolder, { recursive: true, force: true });
  }
});
