import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
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
 * @throws Error with what the container said when it does not answer.
 */
export async function checkImage(image: string, env: NodeJS.ProcessEnv): Promise<ImageCheck> {
  const { reference, registry } = reachable(image, env.ORIGIN_MIRRORS ?? "");
  // A tag and a digest at once are for people; the digest decides.
  const pinned = reference.replace(/:[^:/@]+@/, "@");
  const config = await mkdtemp(join(tmpdir(), "smoke-"));
  const docker = async (...args: string[]) =>
    (await promisify(execFile)("docker", args, { env: { ...env, DOCKER_CONFIG: config } })).stdout.trim();
  try {
    // Spin in the container reads it too, to fetch private content.
    await writeFile(join(config, "config.json"), JSON.stringify(dockerConfig(registry, env)), {
      mode: 0o644,
    });
    const container = await docker(
      ...["run", "--detach", "--read-only", "--tmpfs", "/tmp", "--cap-drop", "ALL"],
      ...["--security-opt", "no-new-privileges", "--publish", "127.0.0.1::3000"],
      ...["--volume", `${config}:/docker:ro`, "--env", "DOCKER_CONFIG=/docker", pinned],
    );
    try {
      const [address = ""] = (await docker("port", container, "3000/tcp")).split("\n");
      const { signal } = new AbortController();
      const page = await firstAnswer(`http://${address}/`, signal);
      if (typeof page === "string") {
        const { stdout, stderr } = await promisify(execFile)("docker", ["logs", container], { env });
        throw new Error(`The container of ${image} ${page}:\n${stdout}${stderr}`);
      }
      const health = await firstAnswer(`http://${address}${healthPath}`, signal);
      if (typeof health === "string") throw new Error(`${healthPath} of ${image} ${health}.`);
      const version = await docker(
        ...["inspect", "--format", '{{index .Config.Labels "org.opencontainers.image.version"}}', container],
      );
      return { page, health, version };
    } finally {
      await docker("rm", "--force", container);
    }
  } finally {
    await rm(config, { recursive: true, force: true });
  }
}

/** @throws Error when the health path does not answer 200, or the image is of another version. */
export function requireHealthy({ health, version }: ImageCheck, image: string, tag: string): void {
  if (health.status !== 200) throw new Error(`${healthPath} of ${image} answered ${health.status}.`);
  if (tag !== "" && version !== tag)
    throw new Error(`${image} says that it is version "${version}", but "${tag}" was published.`);
}
