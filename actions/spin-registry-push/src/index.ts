import { rm } from "node:fs/promises";
import { info, warning } from "@actions/core";
import {
  createTemporaryFolder,
  readPublishingInputs,
  releaseVersion,
  requestedTag,
  runAction,
  runPublishing,
  sourceDateEpoch,
  workspaceFolder,
} from "@spin-publisher/action-runtime";
import { namingFiles } from "@spin-publisher/errors";
import { buildContent, type ContentRequest } from "./build.ts";
import { execute } from "./engine/execute.ts";
import { readContentInputs } from "./inputs.ts";
import { createModuleCache } from "./sources/cache.ts";

await runAction(async () => {
  const inputs = await readPublishingInputs();
  const { manifest, repository, layers, engine, build, profile } = readContentInputs();
  const { event, fetch } = inputs;
  const tag = await requestedTag(event);
  const epoch = sourceDateEpoch();
  const releasedVersion = releaseVersion(tag);
  const request: ContentRequest = {
    ...{ manifest, repository, layers, engine, build },
    insecure: inputs.insecure,
    annotations: {
      repositoryUrl: `${event.serverUrl}/${event.repository.owner}/${event.repository.name}`,
      explicit: inputs.annotations,
      ...(epoch === undefined ? {} : { sourceDateEpoch: epoch }),
      ...(releasedVersion === undefined ? {} : { releasedVersion }),
    },
    workspace: workspaceFolder(),
    ...(profile === undefined ? {} : { profile }),
  };
  const cache = createModuleCache();
  const scratch = await createTemporaryFolder("content-", "Building the content");
  const outside = { fetch, cache, scratch, execute, env: process.env, tell: info, warn: warning };
  try {
    await namingFiles(() =>
      runPublishing({
        ...{ inputs, repository, tag, what: "content" },
        build: async (state, client) => ({
          ...(await buildContent(request, { ...outside, client, state })),
          outputs: { "build-id": tag },
        }),
      }),
    );
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
});
