import type { Target } from "@spin-publisher/spin-release";

/** The machine that the job runs on. */
export interface Runner {
  readonly system: Target["system"];
  readonly architecture: Target["architecture"];
  /** Version of the GNU C library, undefined for musl and for other systems. */
  readonly glibc: string | undefined;
}

const systems: ReadonlyMap<string, Target["system"]> = new Map([
  ["linux", "linux"],
  ["macos", "macos"],
  ["darwin", "macos"],
  ["windows", "windows"],
  ["win32", "windows"],
]);

/** Every spelling in use: Go's, Node's, the kernel's, the runner's (`X64`, `ARM64`). */
const architectures: ReadonlyMap<string, Target["architecture"]> = new Map([
  ["amd64", "amd64"],
  ["x64", "amd64"],
  ["x86_64", "amd64"],
  ["x86-64", "amd64"],
  ["arm64", "arm64"],
  ["aarch64", "arm64"],
]);

/** @throws Error naming what Spin is released for. */
export function parseSystem(name: string): Target["system"] {
  const system = systems.get(name.toLowerCase());
  if (system !== undefined) return system;
  throw new Error(`Spin is released for Linux, macOS and Windows, but this runner is "${name}".`);
}

/** @throws Error naming what Spin is released for. */
export function parseArchitecture(name: string): Target["architecture"] {
  const architecture = architectures.get(name.toLowerCase());
  if (architecture !== undefined) return architecture;
  throw new Error(
    `Spin is released for amd64 and arm64, but the architecture is "${name}". Set the input "arch".`,
  );
}

/** Spin's dynamic builds are made on Ubuntu 22.04. */
const glibcOfTheBuild = [2, 35] as const;

/**
 * What can be installed for an architecture, in order of preference; a release need not have all of it.
 *
 * On Linux the static build comes first where the runner's C library is not GNU's, or is older than the one the dynamic
 * build was made with. Windows on ARM emulates amd64, which stands in only where no architecture was requested.
 *
 * @param requested the input `arch`, empty for the runner's own.
 */
export function targetsFor(requested: string, runner: Runner): readonly Target[] {
  const architecture = requested === "" ? runner.architecture : parseArchitecture(requested);
  const { system } = runner;
  const usual: Target = { system, architecture, static: false };
  if (system === "linux") {
    const portable: Target = { ...usual, static: true };
    return isRecent(runner.glibc) ? [usual, portable] : [portable, usual];
  }
  const emulated: Target = { ...usual, architecture: "amd64" };
  return system === "windows" && requested === "" && architecture === "arm64" ? [usual, emulated] : [usual];
}

function isRecent(glibc: string | undefined): boolean {
  const [, major, minor] = /^(\d+)\.(\d+)/.exec(glibc ?? "") ?? [];
  if (major === undefined || minor === undefined) return false;
  const [neededMajor, neededMinor] = glibcOfTheBuild;
  return Number(major) > neededMajor || (Number(major) === neededMajor && Number(minor) >= neededMinor);
}

/**
 * Whether a machine can start what was built for `target`: its own platform, and amd64 on Windows, which every Windows
 * that runs Node on ARM emulates.
 *
 * @param platform `process.platform`
 * @param architecture `process.arch`
 */
export function startsOn(target: Target, platform: string, architecture: string): boolean {
  const own =
    systems.get(platform) === target.system && architectures.get(architecture) === target.architecture;
  return own || (platform === "win32" && target.system === "windows" && target.architecture === "amd64");
}

/** `linux/amd64`, and `linux/amd64, static`. */
export function describeTarget({ system, architecture, static: isStatic }: Target): string {
  return `${system}/${architecture}${isStatic ? ", static" : ""}`;
}
