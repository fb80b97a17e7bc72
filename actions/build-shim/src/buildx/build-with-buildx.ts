import { spawn } from "node:child_process";
import { join } from "node:path";
import { sortedByKey } from "@spin-publisher/json";
import {
  type Annotations,
  type Artifact,
  formatReference,
  type Platform,
  readLayout,
} from "@spin-publisher/oci";
import type { ContentReference } from "../content/find-content.ts";
import { formatPlatform } from "../image/platforms.ts";

/** What Buildx is to build, with everything that must not change from run to run given as an argument. */
export interface BuildxRequest {
  readonly context: string;
  /** Empty: the `Dockerfile` of the context. */
  readonly dockerfile: string;
  readonly platforms: readonly Platform[];
  readonly tag: string;
  readonly content: ContentReference;
  readonly spinVersion: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Annotations;
  /** Seconds since 1970; files and configs get this time and no other. */
  readonly epoch: string;
}

/** Runs a program to its end, its output going to the log, and returns its exit code. */
export type Run = (program: string, args: readonly string[], env: NodeJS.ProcessEnv) => Promise<number>;

/**
 * Builds with `docker buildx build` into an OCI layout on disk, from where it is published like everything else:
 * with the same checks, and nothing written when the tag is taken.
 *
 * @param folder for the layout; what is returned refers to the files in it.
 * @throws Error when there is no Docker with Buildx, or the build fails.
 */
export async function buildWithBuildx(
  request: BuildxRequest,
  folder: string,
  run: Run = runProgram,
): Promise<Artifact> {
  const layout = join(folder, "layout");
  const env = { ...process.env, SOURCE_DATE_EPOCH: request.epoch };
  const exitCode = await run("docker", buildxArguments(request, layout), env).catch((cause: unknown) => {
    throw new Error(
      'Input "builder" is buildx, but there is no docker program on this machine; install Docker with Buildx, or set "builder" to append, which needs neither.',
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
 * The arguments of the command. Attestations are left out because they hold the time and the machine, and every file
 * gets the same time: what is built twice has one digest, as far as the Dockerfile allows.
 */
export function buildxArguments(request: BuildxRequest, layout: string): readonly string[] {
  const { context, dockerfile, platforms, labels, annotations } = request;
  const pinned = {
    BUILD_ID: request.tag,
    CONTENT: formatReference(request.content),
    SPIN_VERSION: request.spinVersion,
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

function runProgram(program: string, args: readonly string[], env: NodeJS.ProcessEnv): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { env, stdio: ["ignore", "inherit", "inherit"] });
    child.once("error", reject);
    child.once("close", (code) => resolve(code ?? 1));
  });
}
