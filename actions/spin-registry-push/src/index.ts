import { rm } from "node:fs/promises";
import { info } from "@actions/core";
import {
  createTemporaryFolder,
  readPublishingInputs,
  runAction,
  runPublishing,
  warn,
} from "@spin-publisher/action-runtime";
import { namingFiles } from "@spin-publisher/errors";
import { buildContent } from "./build.ts";
import { execute } from "./engine/execute.ts";
import { readRequest } from "./inputs.ts";
import { usage } from "./report.ts";
import { createModuleCache, spinCacheFolder } from "./sources/cache.ts";

await runAction("content", async () => {
  const inputs = await readPublishingInputs();
  const request = await readRequest(inputs, process.env);
  const { repository, tag } = request;
  const temporaryFolder = await createTemporaryFolder("content-", "Bundling the files");
  const dependencies = {
    fetch: inputs.fetch,
    cache: createModuleCache(spinCacheFolder(process.env)),
    temporaryFolder,
    execute,
    environment: process.env,
    log: info,
    warn,
  };
  try {
    await namingFiles(() =>
      runPublishing({
        inputs,
        what: "content",
        repository,
        tag,
        build: (state, client) => buildContent(request, { ...dependencies, client, state }),
        outputsOfPromoted: ({ from }) => ({ "build-id": from }),
        usage,
      }),
    );
  } finally {
    await rm(temporaryFolder, { recursive: true, force: true });
  }
});
