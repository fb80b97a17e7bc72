import {
  choice,
  flag,
  type PublishingInputs,
  releaseVersion,
  repositoryInput,
  requestedTag,
  requiredText,
  sourceDateEpoch,
  temporaryRoot,
  text,
  workspaceFolder,
} from "@spin-publisher/action-runtime";
import { parseRepository, type Repository } from "@spin-publisher/oci";
import type { AnnotationContext } from "./artifact/annotations.ts";
import { type Engine, engines } from "./engine/choose.ts";
import { type LayerMode, layerModes } from "./layers/layers.ts";

/** What a user asks for, parsed. */
export interface ContentRequest {
  /** A manifest or its folder. */
  readonly manifest: string;
  readonly profile?: string;
  readonly layers: LayerMode;
  readonly engine: Engine;
  /** Run the components' build commands first. */
  readonly build: boolean;
  readonly repository: Repository;
  readonly tag: string;
  readonly insecure: boolean;
  readonly annotations: AnnotationContext;
  /** The checkout, where the manifest, its folder and the sources of components must be. */
  readonly workspace: string;
  /** Where a generated manifest may be instead: the runner's temporary folder. */
  readonly temporaryRoot: string;
  /** Publish components although entries of their `files` stand for no file. */
  readonly allowEmptyFiles: boolean;
  /** Publish Git LFS pointers as they are. */
  readonly allowLfsPointers: boolean;
}

/**
 * Reads the inputs that only this action has.
 *
 * @throws Error naming the input that is wrong.
 */
export async function readRequest(
  { event, insecure, annotations }: PublishingInputs,
  environment: NodeJS.ProcessEnv,
): Promise<ContentRequest> {
  const profile = text("profile");
  const manifest = requiredText("manifest");
  const tag = await requestedTag(event, manifest);
  const epoch = sourceDateEpoch(environment);
  const releasedVersion = releaseVersion(tag);
  return {
    manifest,
    ...(profile === "" ? {} : { profile }),
    layers: choice("layers", layerModes),
    engine: choice("engine", engines),
    build: flag("build"),
    repository: parseRepository(repositoryInput("reference", event, "/content")),
    tag,
    insecure,
    annotations: {
      repositoryUrl: `${event.serverUrl}/${event.repository.owner}/${event.repository.name}`,
      explicit: annotations,
      ...(epoch === undefined ? {} : { sourceDateEpoch: epoch }),
      ...(releasedVersion === undefined ? {} : { releasedVersion }),
    },
    workspace: workspaceFolder(environment),
    temporaryRoot: temporaryRoot(environment),
    allowEmptyFiles: flag("allow-empty-files"),
    allowLfsPointers: flag("allow-lfs-pointers"),
  };
}
