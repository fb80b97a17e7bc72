import {
  choice,
  givenCredential,
  type PublishingInputs,
  pairs,
  readPublishingInputs,
  repositoryInput,
  requestedTag,
  requiredSignature,
  requiredText,
  sourceDate,
  sourceDateEpoch,
  text,
} from "@spin-publisher/action-runtime";
import { messageOf } from "@spin-publisher/errors";
import { isLoopback, withSignal } from "@spin-publisher/http";
import { type Annotations, type Platform, parseRepository, type Repository } from "@spin-publisher/oci";
import { parseVersionRequest, type VersionRequest } from "@spin-publisher/spin-release";
import { parseBase, type RequestedBase } from "./base/requested-base.ts";
import { withContentCredentials } from "./content/credentials.ts";
import { parseContent, type RequestedContent } from "./content/requested-content.ts";
import { type EmbedMode, embedModes } from "./embed/embed.ts";
import { isReserved } from "./spec/annotations.ts";
import { parsePlatforms } from "./spec/platforms.ts";
import { requireNoScheme } from "./spec/scheme.ts";

/** Who makes the image: this action, from a base image; or Buildx, from a Dockerfile. */
export type Builder =
  | {
      readonly kind: "append";
      readonly base: RequestedBase;
      /** Demands a signature of the base image. */
      readonly verifyBase?: NonNullable<ReturnType<typeof requiredSignature>>;
    }
  | Buildx;

export interface Buildx {
  readonly kind: "buildx";
  readonly context: string;
  /** Empty: the `Dockerfile` of the context. */
  readonly dockerfile: string;
  /** The release that the Dockerfile gets as `SPIN_VERSION`. */
  readonly spin: VersionRequest;
  /** Seconds since 1970: the time of every file and config. */
  readonly epoch: number;
}

/** What a user asks for, parsed. */
export interface ShimRequest {
  /** Repository that the shim is published to. */
  readonly image: Repository;
  readonly tag: string;
  readonly content: RequestedContent;
  readonly embed: EmbedMode;
  readonly builder: Builder;
  readonly platforms: readonly Platform[];
  /** Whether Spin pulls the content without TLS. */
  readonly plainHttp: boolean;
  /** An existing tag keeps its image, so that image decides which base is used. */
  readonly immutable: boolean;
  readonly dryRun: boolean;
  /** Where the source code is, `https://github.com/owner/repository`: ghcr.io links a package to it. */
  readonly source: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Annotations;
  /** RFC 3339; undefined for images that do not say when they were made. */
  readonly created: string | undefined;
}

/**
 * Reads all inputs.
 *
 * @param signal aborted when the run has ended; no request outlives it.
 * @throws Error naming the input that is wrong, and inputs that contradict each other.
 */
export async function readInputs(
  signal: AbortSignal,
): Promise<{ readonly inputs: PublishingInputs; readonly request: ShimRequest }> {
  const given = await readPublishingInputs();
  const request = await readRequest(given);
  const credential = givenCredential("content-username", "content-password");
  const credentialsFor = (registry: string) =>
    withContentCredentials(given.credentialsFor(registry), request.content, credential);
  return { inputs: { ...given, fetch: withSignal(given.fetch, () => signal), credentialsFor }, request };
}

/** Reads the inputs that only this action has. */
async function readRequest(inputs: PublishingInputs): Promise<ShimRequest> {
  const { event, dryRun, immutable, insecure, annotations } = inputs;
  const image = readImage(event);
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
  requireOwnAnnotations(annotations);
  return {
    image,
    tag: await requestedTag(event, text("context") || "."),
    content,
    embed,
    builder,
    platforms: parsePlatforms(text("platforms")),
    plainHttp: isPlainHttp(content, image, insecure),
    immutable,
    dryRun,
    source: `${event.serverUrl}/${event.repository.owner}/${event.repository.name}`,
    labels: pairs("labels"),
    annotations,
    created: sourceDate(),
  };
}

function readImage(event: PublishingInputs["event"]): Repository {
  requireNoScheme("image", text("image"));
  try {
    return parseRepository(repositoryInput("image", event));
  } catch (cause) {
    throw new Error(`Input "image" must be a repository such as ghcr.io/owner/site: ${messageOf(cause)}`, {
      cause,
    });
  }
}

function readBuilder(): Builder {
  const kind = choice("builder", ["append", "buildx"]);
  const [baseImage, spinVersion] = [text("base-image"), text("spin-version")];
  const [context, dockerfile] = [text("context"), text("dockerfile")];
  const verifyBase = requiredSignature("verify-base");
  if (kind === "append") {
    if (context !== "" || dockerfile !== "") {
      throw new Error(
        'Inputs "context" and "dockerfile" are for Buildx; set "builder" to buildx, or omit them.',
      );
    }
    const base = parseBase(baseImage, spinVersion);
    if (verifyBase === undefined) return { kind, base };
    if (base.kind !== "scratch") return { kind, base, verifyBase };
    throw new Error(
      'Input "verify-base" is for a base image, and "base-image" is scratch: omit one of them.',
    );
  }
  if (verifyBase !== undefined) {
    throw new Error('Input "verify-base" is for builder append; with buildx the Dockerfile names its base.');
  }
  if (baseImage !== "") {
    throw new Error('Input "base-image" is for builder append; with buildx the Dockerfile names its base.');
  }
  const spin = parseVersionRequest(spinVersion);
  return { kind, context: context || ".", dockerfile, spin, epoch: sourceDateEpoch() ?? 0 };
}

/** @throws Error for annotations from which a later run reads what an image was built from. */
function requireOwnAnnotations(annotations: Annotations): void {
  const reserved = Object.keys(annotations).find(isReserved);
  if (reserved === undefined) return;
  throw new Error(
    `Input "annotations" sets "${reserved}", which this action sets itself to know what an image was built from; remove the line.`,
  );
}

/** Spin pulls without TLS where we do: from loopback, and where `insecure` says so of the image's own registry. */
function isPlainHttp(content: RequestedContent, image: Repository, insecure: boolean): boolean {
  const { registry } = content.kind === "registry" ? content.reference : content.repository;
  return isLoopback(registry) || (insecure && registry === image.registry);
}
