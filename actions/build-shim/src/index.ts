import { readPublishingInputs, runAction, runPublishing, text } from "@spin-publisher/action-runtime";
import { build } from "./build.ts";
import { shimOutputs } from "./outputs.ts";
import { readRequest } from "./request.ts";
import { releasesOfSpin } from "./spin-releases.ts";

await runAction(async () => {
  const inputs = readPublishingInputs();
  const { image, request } = await readRequest(inputs);
  const releases = releasesOfSpin({ fetch: inputs.fetch, token: text("github-token") });
  await runPublishing({
    inputs,
    what: "shim",
    repository: image,
    tag: request.tag,
    build: async (state, reader) => {
      const shim = await build(request, state, { ...releases, reader, tell: (line) => console.log(line) });
      return { ...shim, ...shimOutputs(shim.artifact, request.platforms) };
    },
  });
});
