import { access, mkdir, mkdtemp, readdir, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { messageOf } from "@spin-publisher/errors";
import { find, run, textOf } from "./commands.ts";
import { isTool, type Obtained } from "./tool.ts";

/** Debian's registry and skopeo; installs them where they are missing. */
export async function debianPrograms(tell: (line: string) => void) {
  const names = ["docker-registry", "skopeo"];
  const found = async () => Promise.all(names.map(find));
  let because = "";
  if ((await found()).includes(undefined)) {
    await installPackages(names, tell).catch((error: Error) => {
      because = error.message;
    });
  }
  const [dockerRegistry, skopeo] = await found();
  return {
    dockerRegistry: await withVersion("docker-registry", dockerRegistry, because, / v?(\S+)$/),
    skopeo: await withVersion("skopeo", skopeo, because, /version (\S+)/),
  };
}

/** @throws Error saying why packages cannot be installed here. */
export async function installPackages(names: readonly string[], tell: (line: string) => void): Promise<void> {
  if ((await find("apt-get")) === undefined) throw new Error("apt-get is not available to install it");
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
}

/**
 * A program out of a package that is unpacked and not installed: it starts no service and replaces nothing on this
 * machine. It must need no other file of its package.
 *
 * @param path where the package has it, such as `usr/bin/etcd`.
 */
export async function unpackedProgram(
  packageName: string,
  path: string,
  cache: string,
  tell: (line: string) => void,
): Promise<Obtained> {
  const folder = join(cache, `debian-${packageName}`);
  const program = join(folder, path);
  const present = await access(program).then(
    () => true,
    () => false,
  );
  try {
    if (!present) await unpack(packageName, folder, tell);
    return { name: packageName, path: program };
  } catch (error) {
    return { name: packageName, because: messageOf(error) };
  }
}

async function unpack(packageName: string, folder: string, tell: (line: string) => void): Promise<void> {
  if ((await find("apt-get")) === undefined) throw new Error("apt-get is not available to download it");
  await mkdir(dirname(folder), { recursive: true });
  const temporary = await mkdtemp(`${folder}.partial-`);
  const download = () =>
    run("apt-get", ["-q", "download", packageName], { cwd: temporary, timeoutSeconds: 300 });
  try {
    tell(`apt-get download ${packageName}`);
    await download().catch(async (error: unknown) => {
      const become = await rootPrefix();
      if (become === undefined) throw error;
      const [program = "", ...rest] = [...become, "apt-get", "-q", "update"];
      await run(program, rest, { timeoutSeconds: 300 });
      await download();
    });
    const [file] = (await readdir(temporary)).filter((name) => name.endsWith(".deb"));
    await run("dpkg-deb", ["-x", join(temporary, file ?? ""), join(temporary, "files")]);
    await rm(folder, { recursive: true, force: true });
    await rename(join(temporary, "files"), folder);
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
}

/** etcd, with its version. */
export async function etcdFromDebian(cache: string, tell: (line: string) => void): Promise<Obtained> {
  const etcd = await unpackedProgram("etcd-server", "usr/bin/etcd", cache, tell);
  return withVersion(
    "etcd",
    isTool(etcd) ? etcd.path : undefined,
    isTool(etcd) ? "" : etcd.because,
    /Version: (\S+)/,
  );
}

/** The prefix that runs a command as root; undefined where we cannot become root. */
async function rootPrefix(): Promise<readonly string[] | undefined> {
  if (process.getuid?.() === 0) return [];
  if ((await find("sudo")) === undefined) return undefined;
  const sudo = ["sudo", "-n"]; // as on GitHub's runners: without a password
  return run("sudo", ["-n", "true"]).then(
    () => sudo,
    () => undefined,
  );
}

async function withVersion(
  name: string,
  path: string | undefined,
  because: string,
  pattern: RegExp,
): Promise<Obtained> {
  if (path === undefined) return { name, because };
  const [, version = ""] = pattern.exec(await textOf(path, ["--version"])) ?? [];
  return { name: `${name} ${version}`.trim(), path };
}
