import { access, mkdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { messageOf } from "@spin-publisher/errors";
import { find, run, textOf } from "./commands.ts";
import { installPackages } from "./debian.ts";
import { isTool, type Obtained, type Tool } from "./tool.ts";

/** A command of a Go module. */
interface GoProgram {
  readonly name: string;
  readonly module: string;
  /** Its folder in the module; empty for the root. */
  readonly command: string;
  readonly version: string;
}

const crane: GoProgram = {
  name: "crane",
  module: "github.com/google/go-containerregistry",
  command: "/cmd/crane",
  version: "v0.22.1",
};

const actionlint: GoProgram = {
  name: "actionlint",
  module: "github.com/rhysd/actionlint",
  command: "/cmd/actionlint",
  version: "v1.7.12",
};

/** The commit of the distribution-spec that the Go module proxy serves. */
const conformance: GoProgram = {
  name: "conformance",
  module: "github.com/opencontainers/distribution-spec/conformance",
  command: "",
  version: "v0.0.0-20260831232431-97274622c111",
};

/** Large: about five minutes of one processor, once. */
const cosign: GoProgram = {
  name: "cosign",
  module: "github.com/sigstore/cosign/v3",
  command: "/cmd/cosign",
  version: "v3.1.3",
};

/** The last version whose module has the repository's name. Its go.mod has another, so it is built in place. */
const zot: GoProgram = {
  name: "zot",
  module: "github.com/project-zot/zot",
  command: "/cmd/zot",
  version: "v1.4.3",
};

const helm4: GoProgram = {
  name: "helm",
  module: "helm.sh/helm/v4",
  command: "/cmd/helm",
  version: "v4.3.1",
};

/** The oldest Go that compiles them, and the version that is fetched where only an older one is installed. */
const goVersion = { least: [1, 25], fetched: "1.26.8" } as const;

const environment = { GOFLAGS: "-buildvcs=false", GOWORK: "off" };

/** Looks for a Go compiler at the first call. */
export function goCompiler(tell: (line: string) => void): () => Promise<Obtained> {
  let go: Promise<Obtained> | undefined;
  return () => {
    go ??= findGo(tell);
    return go;
  };
}

/**
 * Builds what is not cached yet.
 *
 * @param cache a folder for each program and version.
 * @param compiler finds Go; called only when something is to be built.
 */
export async function goPrograms(
  cache: string,
  compiler: () => Promise<Obtained>,
  tell: (line: string) => void,
) {
  return {
    actionlint: await obtained(actionlint, cache, compiler, install, tell),
    crane: await obtained(crane, cache, compiler, install, tell),
    conformance: await obtained(conformance, cache, compiler, install, tell),
    cosign: await obtained(cosign, cache, compiler, install, tell),
    zot: await obtained(zot, cache, compiler, buildInPlace, tell),
    helm4: await helm4Program(cache, compiler, tell),
  };
}

/** Helm 4, of which npm has no package. */
export function helm4Program(
  cache: string,
  compiler: () => Promise<Obtained>,
  tell: (line: string) => void,
): Promise<Obtained> {
  return obtained(helm4, cache, compiler, install, tell);
}

type Builder = (program: GoProgram, path: string, go: string, tell: (line: string) => void) => Promise<void>;

async function obtained(
  program: GoProgram,
  cache: string,
  compiler: () => Promise<Obtained>,
  build: Builder,
  tell: (line: string) => void,
): Promise<Obtained> {
  const name = `${program.name} ${program.version}`;
  const path = join(cache, `${program.name}-${program.version}`, program.name);
  if (await exists(path)) return { name, path };
  const go = await compiler();
  if (!isTool(go)) return { name, because: `it is built with ${go.name}, but ${go.because}` };
  try {
    await rm(dirname(path), { recursive: true, force: true });
    await mkdir(dirname(path), { recursive: true });
    await build(program, path, go.path, tell);
    return { name, path };
  } catch (error) {
    await rm(dirname(path), { recursive: true, force: true }); // so that a partial build is not taken for a complete one
    return { name, because: messageOf(error) };
  }
}

const install: Builder = async ({ module, command, version }, path, go, tell) => {
  const source = `${module}${command}@${version}`;
  tell(`go install ${source}`);
  const env = { ...environment, GOBIN: dirname(path) };
  await run(go, ["install", "-trimpath", "-ldflags=-s -w", source], { env, timeoutSeconds: 1200 });
};

const buildInPlace: Builder = async ({ module, command, version }, path, go, tell) => {
  const directory = await downloadedModule(go, `${module}@${version}`, tell);
  tell(`go build ${module}${command}@${version}`);
  const source = join(dirname(path), "source");
  await run("cp", ["-r", directory, source]); // the module cache is read-only
  await run("chmod", ["-R", "u+w", source]);
  const tags = ["-tags", "containers_image_openpgp"]; // pure Go; the default needs gpgme's headers
  await run(go, ["build", "-trimpath", "-ldflags=-s -w", ...tags, "-o", path, `.${command}`], {
    cwd: source,
    env: { ...environment, CGO_ENABLED: "0" },
    timeoutSeconds: 1200,
  });
  await rm(source, { recursive: true, force: true });
};

/**
 * A Go that is new enough. Where none is installed, Debian's; where it is too old, it fetches a newer toolchain, which
 * Go publishes as a module.
 */
async function findGo(tell: (line: string) => void): Promise<Obtained> {
  const name = `Go ${goVersion.least.join(".")} or newer`;
  try {
    if ((await find("go")) === undefined) await installPackages(["golang-go"], tell);
    const path = await find("go");
    if (path === undefined) return { name, because: "it is not installed" };
    const version = await textOf(path, ["env", "GOVERSION"]);
    return isEnough(version) ? { name: version, path } : await fetchedGo(path, tell);
  } catch (error) {
    return { name, because: messageOf(error) };
  }
}

/** @param version as `go env GOVERSION` prints it: `go1.26.8` */
export function isEnough(version: string): boolean {
  const [, major = 0, minor = 0] = (/^go(\d+)\.(\d+)/.exec(version) ?? []).map(Number);
  const [leastMajor, leastMinor] = goVersion.least;
  return major > leastMajor || (major === leastMajor && minor >= leastMinor);
}

async function fetchedGo(old: string, tell: (line: string) => void): Promise<Tool> {
  const architecture = process.arch === "x64" ? "amd64" : process.arch;
  const source = `golang.org/toolchain@v0.0.1-go${goVersion.fetched}.linux-${architecture}`;
  const directory = await downloadedModule(old, source, tell);
  // Modules do not store permissions; the go command does the same after it fetched a toolchain.
  await run("sh", ["-c", 'chmod a+x "$1"/bin/* "$1"/pkg/tool/*/*', "sh", directory]);
  return { name: `go${goVersion.fetched}`, path: join(directory, "bin", "go") };
}

/**
 * Downloads a module and returns its folder. Go compares its checksum with the public log, or with the file go.sum in
 * `cwd`.
 */
export async function downloadedModule(
  compiler: string,
  source: string,
  tell: (line: string) => void,
  cwd = tmpdir(),
): Promise<string> {
  tell(`go mod download ${source}`);
  const env = { ...environment, GOFLAGS: "-mod=mod" };
  const answer = await textOf(compiler, ["mod", "download", "-json", source], {
    cwd,
    env,
    timeoutSeconds: 300,
  });
  const { Dir: directory } = Object(JSON.parse(answer));
  if (typeof directory !== "string") throw new Error(`go mod download ${source} did not return a folder`);
  return directory;
}

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
