import { execFile } from "node:child_process";
import { chmod, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { type Answer, firstAnswer } from "./front-page.ts";
import { dockerConfig, reachable } from "./reachable.ts";

/** The path that the chart's probes ask (Spin answers it itself). */
const healthPath = "/.well-known/spin/health";

export interface ImageCheck {
  readonly page: Answer;
  readonly health: Answer;
  /** The label `org.opencontainers.image.version`. */
  readonly version: string;
}

/**
 * Runs an image the way the chart does: read-only but for /tmp, without capabilities, as an unprivileged user.
 *
 * @param image reference with digest.
 * @throws Error with what the container said when it ends or does not answer.
 */
export async function checkImage(image: string, env: NodeJS.ProcessEnv): Promise<ImageCheck> {
  const { reference, registry } = reachable(image, env.ORIGIN_MIRRORS ?? "");
  // A tag and a digest at once are for people; the digest decides.
  const pinned = reference.replace(/:[^:/@]+@/, "@");
  const folder = await mkdtemp(join(tmpdir(), "smoke-"));
  const config = join(folder, "docker");
  const run = (...args: string[]) =>
    promisify(execFile)("docker", args, { env: { ...env, DOCKER_CONFIG: config } });
  const docker = async (...args: string[]) => (await run(...args)).stdout.trim();
  try {
    await writeSharedConfig(config, JSON.stringify(dockerConfig(registry, env)));
    const container = await docker(
      ...["run", "--detach", "--read-only", "--tmpfs", "/tmp", "--cap-drop", "ALL"],
      ...["--security-opt", "no-new-privileges", "--publish", "127.0.0.1::3000"],
      ...["--volume", `${config}:/docker:ro`, "--env", "DOCKER_CONFIG=/docker", pinned],
    );
    const stopped = new AbortController();
    const ended = docker("wait", container).then(
      (code) => `ended with exit code ${code}`,
      () => "cannot be waited for",
    );
    const ask = async (path: string): Promise<Answer> => {
      // A container that has ended has no port any more; `ended` says so.
      const [address = ""] = (await docker("port", container, "3000/tcp").catch(() => "")).split("\n");
      const answer = await Promise.race([firstAnswer(`http://${address}${path}`, stopped.signal), ended]);
      if (typeof answer !== "string") return answer;
      const { stdout, stderr } = await run("logs", container);
      throw new Error(`The container of ${image} ${answer} (asked for ${path}):\n${stdout}${stderr}`);
    };
    try {
      const page = await ask("/");
      const health = await ask(healthPath);
      const version = await docker(
        ...["inspect", "--format", '{{index .Config.Labels "org.opencontainers.image.version"}}', container],
      );
      return { page, health, version };
    } finally {
      stopped.abort();
      await docker("rm", "--force", container);
      await ended;
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/**
 * Writes Docker's configuration for a container, in which Spin reads it as another user, to fetch private content. The
 * modes let that user in, and the folder around it keeps out everybody else on this machine.
 */
async function writeSharedConfig(folder: string, config: string): Promise<void> {
  const file = join(folder, "config.json");
  await mkdir(folder);
  await writeFile(file, config);
  // Not with `mode`, from which the job's umask takes something away.
  await Promise.all([chmod(folder, 0o755), chmod(file, 0o644)]);
}

/** @throws Error when the health path does not answer 200, or the image is of another version. */
export function requireHealthy({ health, version }: ImageCheck, image: string, tag: string): void {
  if (health.status !== 200) throw new Error(`${healthPath} of ${image} answered ${health.status}.`);
  if (tag !== "" && version !== tag)
    throw new Error(`${image} says that it is version "${version}", but "${tag}" was published.`);
}
