import {
  choice,
  type PublishingInputs,
  pairs,
  requestedTag,
  requiredText,
  sourceDate,
  sourceDateEpoch,
  text,
} from "@spin-publisher/action-runtime";
import { isLoopback } from "@spin-publisher/http";
import { parseRepository, type Repository } from "@spin-publisher/oci";
import { parseBaseWanted } from "./base/requested-base.ts";
import type { Builder, ShimRequest } from "./build.ts";
import { type ContentWanted, parseContent } from "./content/find-content.ts";
import { embedModes } from "./embed/embed.ts";
import { parsePlatforms } from "./image/platforms.ts";

/** Reads the inputs that only this action has; everything that can be wrong with them shows here. */
export async function readRequest({ event, dryRun, immutable, insecure, annotations }: PublishingInputs) {
  const tag = await requestedTag(event);
  // Names are lower-case in registries, owners on GitHub need not be.
  const image = parseRepository(requiredText("image").toLowerCase());
  const content = await parseContent(requiredText("content"), image);
  const embed = choice("embed", embedModes);
  const builder = readBuilder();
  if (builder.kind === "buildx" && embed === "app") {
    throw new Error(
      'Input "embed" is for builder append; with buildx the Dockerfile decides what is in the image.',
    );
  }
  if (content.kind === "layout" && !dryRun && embed !== "app") {
    throw new Error(
      'Input "content" is a folder, so nobody could fetch what this image is to run; publish the content first, or set "dry-run" to true or "embed" to app.',
    );
  }
  const request: ShimRequest = {
    ...{ tag, content, embed, builder, immutable, annotations },
    base: parseBaseWanted(text("base-image"), text("spin-version")),
    platforms: parsePlatforms(text("platforms")),
    plainHttp: isPlainHttp(content, image, insecure),
    source: `${event.serverUrl}/${event.repository.owner}/${event.repository.name}`,
    labels: pairs("labels"),
    created: sourceDate(),
  };
  return { image, request };
}

function readBuilder(): Builder {
  const kind = choice("builder", ["append", "buildx"]);
  const [context, dockerfile] = [text("context"), text("dockerfile")];
  if (kind === "buildx")
    return { kind, context: context || ".", dockerfile, epoch: String(sourceDateEpoch() ?? 0) };
  if (context !== "" || dockerfile !== "") {
    throw new Error(
      'Inputs "context" and "dockerfile" are for Buildx; set "builder" to buildx, or leave them away.',
    );
  }
  return { kind };
}

/** Spin asks a registry without TLS when we do: on loopback, and where `insecure` says so of the image's own registry. */
function isPlainHttp(content: ContentWanted, image: Repository, insecure: boolean): boolean {
  const { registry } = content.kind === "registry" ? content.reference : content.repository;
  return isLoopback(registry) || (insecure && registry === image.registry);
}
