import { rootCertificates } from "node:tls";
import {
  automaticTag,
  choice,
  commitEpoch,
  pairs,
  readPublishingInputs,
  requiredText,
  requireTag,
  runAction,
  runPublishing,
  text,
} from "@spin-publisher/action-runtime";
import { isLoopback, parseRepository } from "@spin-publisher/oci";
import {
  fetchVerifiedArchive,
  meets,
  parseVersionRequest,
  type ReleaseAccess,
  resolveRelease,
} from "@spin-publisher/spin-release";
import { parseBaseWanted } from "./base-choice.ts";
import { build, type ShimRequest } from "./build.ts";
import { parseContent } from "./content.ts";
import { createdFrom } from "./created.ts";
import { embedModes } from "./embed.ts";
import { parsePlatforms } from "./platforms.ts";
import type { BaseWorld } from "./resolve-base.ts";
import { platformDigests } from "./shim.ts";
import { summarise } from "./summary.ts";

await runAction(async () => {
  const inputs = readPublishingInputs();
  const { event } = inputs;
  const given = text("tag");
  const tag =
    given === "auto"
      ? await automaticTag(event.pushed, event.sha, () => commitEpoch(event))
      : requireTag(given);
  // Names are lower-case in registries, owners on GitHub need not be.
  const image = parseRepository(requiredText("image").toLowerCase());
  const content = await parseContent(requiredText("content"), image);
  const embed = choice("embed", embedModes);
  if (content.kind === "layout" && !inputs.dryRun && embed !== "app") {
    throw new Error(
      `Input "content" is a folder, so nobody could fetch what this image is to run; publish the content first, or set "dry-run" to true or "embed" to app.`,
    );
  }
  const { registry } = content.kind === "registry" ? content.reference : content.repository;
  const request: ShimRequest = {
    ...{ tag, content, embed },
    base: parseBaseWanted(text("base-image"), text("spin-version")),
    platforms: parsePlatforms(text("platforms")),
    plainHttp: isLoopback(registry) || (inputs.insecure && registry === image.registry),
    immutable: inputs.immutable,
    source: `${event.serverUrl}/${event.repository.owner}/${event.repository.name}`,
    labels: pairs("labels"),
    annotations: inputs.annotations,
    created: createdFrom(process.env.SOURCE_DATE_EPOCH),
  };
  const releases: ReleaseAccess = { fetch: inputs.fetch, token: text("github-token") };
  const world: Omit<BaseWorld, "reader"> = {
    resolveSpin: async (wanted) => (await resolveRelease(parseVersionRequest(wanted), releases)).version,
    satisfies: (version, wanted) => meets(version, parseVersionRequest(wanted)),
    releaseArchive: async (version, architecture) => {
      const release = await resolveRelease({ kind: "exact", version }, releases);
      const { bytes } = await fetchVerifiedArchive(
        release,
        [{ system: "linux", architecture, static: true }],
        releases,
      );
      return bytes;
    },
    certificates: rootCertificates,
    tell: (line) => console.log(line),
  };
  await runPublishing({
    ...{ inputs, tag, what: "shim", repository: image },
    build: async (state, reader) => {
      const { artifact, describeDifference } = await build(request, state, { ...world, reader });
      const platforms = platformDigests(artifact);
      return {
        artifact,
        describeDifference,
        outputs: { platforms: JSON.stringify(platforms) },
        summary: summarise(platforms),
      };
    },
  });
});
