import { find, run, textOf } from "./commands.ts";
import type { Obtained } from "./tool.ts";

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
