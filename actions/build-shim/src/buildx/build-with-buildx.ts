import { join } from "node:path";
import { errorCode } from "@spin-publisher/errors";
import { sortedByKey } from "@spin-publisher/json";
import {
  type Annotations,
  type Artifact,
  formatReference,
  type Platform,
  readLayout,
} from "@spin-publisher/oci";
import type { ContentReference } from "../content/requested-content.ts";
import { annotationKeys, describe } from "../spec/annotations.ts";
import { formatPlatform } from "../spec/platforms.ts";

/** What Buildx is asked to build: everything that must be the same from run to run is an argument. */
export interface BuildxRequest {
  readonly context: string;
  /** Empty: the `Dockerfile` of the context. */
  readonly dockerfile: string;
  readonly platforms: readonly Platform[];
  readonly tag: string;
  readonly content: ContentReference;
  readonly spinVersion: string;
  /** Where the source code is. */
  readonly source: string;
  /** The user's, which win over ours. */
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Annotations;
  /** RFC 3339, where the image says when it was made. */
  readonly created: string | undefined;
  /** Seconds since 1970: the time of every file and config. */
  readonly epoch: number;
}

/** Runs a program to its end with its output in the log, and returns its exit code. */
export type Run = (program: string, args: readonly string[]) => Promise<number>;

/**
 * Builds with `docker buildx build` into an OCI layout on disk, which is then published like everything else: with
 * the same checks, and nothing written when the tag is taken.
 *
 * @param folder where the layout goes; the returned artifact refers to files in it.
 * @throws Error when there is no Docker with Buildx, or the build fails.
 */
export async function buildWithBuildx(
  request: BuildxRequest,
  folder: string,
  run: Run = runProgram,
): Promise<Artifact> {
  const layout = join(folder, "layout");
  const exitCode = await run("docker", buildxArguments(request, layout)).catch((cause: unknown) => {
    const code = errorCode(cause) ?? "ENOENT";
    const found =
      code === "ENOENT" ? "there is no docker program on this machine" : `docker cannot be started (${code})`;
    throw new Error(
      `Input "builder" is buildx, but ${found}; install Docker with Buildx, or set "builder" to append, which needs neither.`,
      { cause },
    );
  });
  if (exitCode !== 0) {
    throw new Error(
      `docker buildx build ended with exit code ${exitCode}, see above; if it cannot export OCI layouts or build for other platforms, run docker/setup-buildx-action first, or set input "builder" to append.`,
    );
  }
  return (await readLayout(layout)).artifact;
}

/**
 * The arguments of the command. Attestations are off because they hold the time and the machine, and every file gets
 * the same time: two builds have one digest, as far as the Dockerfile allows.
 */
export function buildxArguments(request: BuildxRequest, layout: string): readonly string[] {
  const { context, dockerfile, platforms, tag, source, created, spinVersion } = request;
  const content = formatReference(request.content);
  const described = describe({ tag, content, source, created });
  const labels = { ...described, ...request.labels };
  const annotations = { ...described, [annotationKeys.spin]: spinVersion, ...request.annotations };
  const pinned = {
    BUILD_ID: tag,
    CONTENT: content,
    SPIN_VERSION: spinVersion,
    // BuildKit's own: the time of files and configs.
    SOURCE_DATE_EPOCH: String(request.epoch),
  };
  const each = (option: string, values: Readonly<Record<string, string>>, prefix = "") =>
    Object.entries(sortedByKey(values)).flatMap(([key, value]) => [option, `${prefix}${key}=${value}`]);
  return [
    ...["buildx", "build", "--progress", "plain", "--provenance", "false", "--sbom", "false"],
    ...["--platform", platforms.map(formatPlatform).join(",")],
    ...each("--build-arg", pinned),
    ...each("--label", labels),
    ...each("--annotation", annotations, platforms.length > 1 ? "index,manifest:" : "manifest:"),
    ...(dockerfile === "" ? [] : ["--file", dockerfile]),
    ...["--output", `type=oci,tar=false,rewrite-timestamp=true,dest=${layout}`],
    ...["--", context],
  ];
}

async function runProgram(program: string, args: readonly string[]): Promise<number> {
  const { spawn } = await import("node:child_process");
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: ["ignore", "inherit", "inherit"] });
    child.once("error", reject);
    child.once("close", (code) => resolve(code ?? 1));
  });
}
