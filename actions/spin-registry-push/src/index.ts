import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { info, warning } from "@actions/core";
import {
  automaticTag,
  commitEpoch,
  readPublishingInputs,
  releaseVersion,
  requireTag,
  runAction,
  runPublishing,
} from "@spin-publisher/action-runtime";
import { namingFiles } from "@spin-publisher/errors";
import { parseSourceDateEpoch } from "./annotations.ts";
import { buildContent, type ContentRequest } from "./build.ts";
import { execute } from "./engine/execute.ts";
import { readContentInputs } from "./inputs.ts";
import { createModuleCache } from "./sources/cache.ts";

await runAction(async () => {
  const inputs = readPublishingInputs();
  const { manifest, repository, tag: given, layers, engine, build, profile } = readContentInputs();
  const { event, fetch } = inputs;
  const tag =
    given === "auto"
      ? await automaticTag(event.pushed, event.sha, () => commitEpoch(event))
      : requireTag(given);
  const sourceDateEpoch = parseSourceDateEpoch(process.env.SOURCE_DATE_EPOCH);
  const releasedVersion = releaseVersion(tag);
  const request: ContentRequest = {
    ...{ manifest, repository, layers, engine, build },
    insecure: inputs.insecure,
    annotations: {
      repositoryUrl: `${event.serverUrl}/${event.repository.owner}/${event.repository.name}`,
      explicit: inputs.annotations,
      ...(sourceDateEpoch === undefined ? {} : { sourceDateEpoch }),
      ...(releasedVersion === undefined ? {} : { releasedVersion }),
    },
    workspace: process.env.GITHUB_WORKSPACE || process.cwd(),
    ...(profile === undefined ? {} : { profile }),
  };
  const cache = createModuleCache();
  const scratch = await mkdtemp(join(process.env.RUNNER_TEMP || tmpdir(), "content-"));
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
