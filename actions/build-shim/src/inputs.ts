import {
  choice,
  type PublishingInputs,
  pairs,
  repositoryInput,
  requestedTag,
  requiredText,
  sourceDate,
  sourceDateEpoch,
  text,
} from "@spin-publisher/action-runtime";
import { isLoopback } from "@spin-publisher/http";
import { type Annotations, type Platform, parseRepository, type Repository } from "@spin-publisher/oci";
import { parseBase, type RequestedBase } from "./base/requested-base.ts";
import { parseContent, type RequestedContent } from "./content/requested-content.ts";
import { type EmbedMode, embedModes } from "./embed/embed.ts";
import { parsePlatforms } from "./spec/platforms.ts";

/** Who makes the image: this action, from a base image; or Buildx, from a Dockerfile. */
export type Builder =
  | { readonly kind: "append" }
  | {
      readonly kind: "buildx";
      readonly context: string;
      /** Empty: the `Dockerfile` of the context. */
      readonly dockerfile: string;
      /** Seconds since 1970: the time of every file and config. */
      readonly epoch: number;
    };

/** What a user asks for, parsed. */
export interface ShimRequest {
  /** Repository that the shim is published to. */
  readonly image: Repository;
  readonly tag: string;
  readonly content: RequestedContent;
  readonly embed: EmbedMode;
  readonly builder: Builder;
  readonly base: RequestedBase;
  readonly platforms: readonly Platform[];
  /** Whether Spin pulls the content without TLS. */
  readonly plainHttp: boolean;
  /** An existing tag keeps its image, so that image decides which base is used. */
  readonly immutable: boolean;
  /** Where the source code is, `https://github.com/owner/repository`: ghcr.io links a package to it. */
  readonly source: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Annotations;
  /** RFC 3339; undefined for images that do not say when they were made. */
  readonly created: string | undefined;
}

/**
 * Reads the inputs that only this action has.
 *
 * @throws Error naming the input that is wrong, and inputs that contradict each other.
 */
export async function readRequest(inputs: PublishingInputs): Promise<ShimRequest> {
  const { event, dryRun, immutable, insecure, annotations } = inputs;
  const image = parseRepository(repositoryInput("image", event));
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
      'Input "content" is a folder, which no pod can pull from; publish the content first, or set "dry-run" to true or "embed" to app.',
    );
  }
  return {
    image,
    tag: await requestedTag(event, text("context") || "."),
    content,
    embed,
    builder,
    base: parseBase(text("base-image"), text("spin-version")),
    platforms: parsePlatforms(text("platforms")),
    plainHttp: isPlainHttp(content, image, insecure),
    immutable,
    source: `${event.serverUrl}/${event.repository.owner}/${event.repository.name}`,
    labels: pairs("labels"),
    annotations,
    created: sourceDate(),
  };
}

function readBuilder(): Builder {
  const kind = choice("builder", ["append", "buildx"]);
  const [context, dockerfile] = [text("context"), text("dockerfile")];
  if (kind === "buildx") {
    return { kind, context: context || ".", dockerfile, epoch: sourceDateEpoch() ?? 0 };
  }
  if (context !== "" || dockerfile !== "") {
    throw new Error(
      'Inputs "context" and "dockerfile" are for Buildx; set "builder" to buildx, or omit them.',
    );
  }
  return { kind };
}

/** Spin pulls without TLS where we do: from loopback, and where `insecure` says so of the image's own registry. */
function isPlainHttp(content: RequestedContent, image: Repository, insecure: boolean): boolean {
  const { registry } = content.kind === "registry" ? content.reference : content.repository;
  return isLoopback(registry) || (insecure && registry === image.registry);
}
