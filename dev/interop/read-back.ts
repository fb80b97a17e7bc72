import { createHash } from "node:crypto";
import { mkdir, readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { type PublishedArtifact, version } from "./artifacts.ts";
import { type Checks, requireEqual } from "./checks.ts";
import { run, textOf } from "./commands.ts";
import { isTool, type Obtained, type Tool } from "./tool.ts";

export interface Readers {
  readonly skopeo: Obtained;
  readonly crane: Obtained;
  readonly helm: Obtained;
}

/**
 * Has third-party clients read an artifact.
 *
 * @param server the registry's name.
 * @param folder an empty folder for what they fetch.
 * @param content the digest of the content artifact, which the shim must name.
 */
export async function readBack(
  checks: Checks,
  server: string,
  artifact: PublishedArtifact,
  readers: Readers,
  folder: string,
  content: string,
): Promise<void> {
  const subject = `${artifact.name} on ${server}`;
  const judged = async (check: string, tool: Obtained, work: (tool: Tool) => Promise<string>) => {
    if (isTool(tool)) await checks.check(subject, check, tool.name, () => work(tool));
    else checks.cannot(subject, check, tool.name, tool.because);
  };
  const { skopeo, crane, helm } = readers;
  await judged("the tag has the digest we reported", skopeo, (tool) => inspected(tool, artifact));
  await judged("every blob can be copied and has its digest", skopeo, (tool) =>
    copied(tool, artifact, join(folder, "skopeo")),
  );
  await judged("the tag has the digest we reported", crane, (tool) => digestByCrane(tool, artifact));
  await judged("every blob can be pulled and has its digest", crane, (tool) =>
    pulled(tool, artifact, join(folder, "crane")),
  );
  if (artifact.name === "shim") {
    await judged("valid images for both platforms", crane, (tool) => validated(tool, artifact));
    for (const architecture of ["amd64", "arm64"]) {
      await judged(`refers to our content on ${architecture}`, crane, (tool) =>
        environment(tool, artifact, architecture, content),
      );
    }
    await judged("has a config for arm64", skopeo, (tool) => configured(tool, artifact));
  }
  if (artifact.name === "chart") {
    await judged("pulls and templates", helm, (tool) => templated(tool, artifact, join(folder, "helm")));
  }
}

async function inspected({ path }: Tool, { tagged, digest }: PublishedArtifact): Promise<string> {
  const manifest = await run(path, ["inspect", "--raw", "--tls-verify=false", `docker://${tagged}`]);
  requireEqual("the manifest's digest", sha256(manifest), digest);
  return digest;
}

async function copied({ path }: Tool, { tagged }: PublishedArtifact, folder: string): Promise<string> {
  await mkdir(folder, { recursive: true });
  const options = ["--all", "--preserve-digests", "--src-tls-verify=false"];
  await run(path, ["copy", ...options, `docker://${tagged}`, `dir:${folder}`]);
  const blobs = (await readdir(folder)).filter((name) => /^[0-9a-f]{64}$/.test(name));
  for (const blob of blobs) {
    requireEqual("a blob's digest", sha256(await readFile(join(folder, blob))), `sha256:${blob}`);
  }
  if (blobs.length === 0) throw new Error("nothing was copied");
  return `${blobs.length} blobs`;
}

async function digestByCrane({ path }: Tool, { tagged, digest }: PublishedArtifact): Promise<string> {
  requireEqual("the digest", await textOf(path, ["digest", tagged]), digest);
  requireEqual("the manifest's digest", sha256(await run(path, ["manifest", tagged])), digest);
  return digest;
}

async function pulled({ path }: Tool, artifact: PublishedArtifact, folder: string): Promise<string> {
  await run(path, ["pull", "--format=oci", artifact.tagged, folder]);
  const blobs = await readdir(join(folder, "blobs", "sha256"));
  for (const blob of blobs) {
    const bytes = await readFile(join(folder, "blobs", "sha256", blob));
    requireEqual("a blob's digest", sha256(bytes), `sha256:${blob}`);
  }
  if (!blobs.includes(artifact.digest.replace("sha256:", "")))
    throw new Error("its root manifest is missing");
  return `${blobs.length} blobs`;
}

async function validated({ path }: Tool, { tagged }: PublishedArtifact): Promise<string> {
  await run(path, ["validate", "--remote", tagged]);
  const { manifests } = Object(JSON.parse(await textOf(path, ["manifest", tagged])));
  const platforms = (Array.isArray(manifests) ? manifests : []).map(({ platform }) => {
    const { os, architecture } = Object(platform);
    return `${os}/${architecture}`;
  });
  requireEqual("the list of platforms", platforms.join(", "), "linux/amd64, linux/arm64");
  return platforms.join(", ");
}

/** Checks what a container of the image finds in its file system. */
async function environment(
  { path }: Tool,
  { tagged }: PublishedArtifact,
  architecture: string,
  content: string,
): Promise<string> {
  const platform = `--platform=linux/${architecture}`;
  const files = await run("sh", [
    "-c",
    '"$@" | tar -xO env.vars',
    "sh",
    path,
    "export",
    platform,
    tagged,
    "-",
  ]);
  if (!files.includes(content)) throw new Error(`/env.vars does not name ${content}: ${files}`);
  const config = Object(JSON.parse(await textOf(path, ["config", platform, tagged])));
  requireEqual("the architecture", String(config.architecture), architecture);
  const { User: user = "" } = Object(config.config);
  if (["", "0", "root"].includes(String(user).split(":")[0] ?? "")) throw new Error(`it runs as "${user}"`);
  return `/env.vars names ${content}, user ${user}`;
}

async function configured({ path }: Tool, { tagged }: PublishedArtifact): Promise<string> {
  const options = ["--tls-verify=false", "--override-os=linux", "--override-arch=arm64"];
  const answer = Object(
    JSON.parse(
      await textOf(path, [...options.slice(1), "inspect", "--tls-verify=false", `docker://${tagged}`]),
    ),
  );
  requireEqual("the architecture", String(answer.Architecture), "arm64");
  return `${answer.Os}/${answer.Architecture}`;
}

async function templated({ path }: Tool, { tagged }: PublishedArtifact, folder: string): Promise<string> {
  await mkdir(folder, { recursive: true });
  const env = {
    HELM_CACHE_HOME: join(folder, "cache"),
    HELM_CONFIG_HOME: join(folder, "config"),
    HELM_DATA_HOME: join(folder, "data"),
  };
  const reference = `oci://${tagged.replace(/:[^:/]+$/, "")}`;
  await run(path, ["pull", reference, "--version", version, "--destination", folder], { env });
  const archive = join(folder, `bart-${version}.tgz`);
  const manifests = await textOf(path, ["template", "site", archive, "--namespace", "web"], { env });
  const kinds = [...manifests.matchAll(/^kind: (\w+)$/gm)].map(([, kind]) => kind);
  if (!kinds.includes("Deployment")) throw new Error(`there is no Deployment among ${kinds.join(", ")}`);
  return kinds.join(", ");
}

function sha256(bytes: Uint8Array): string {
  return `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
}
