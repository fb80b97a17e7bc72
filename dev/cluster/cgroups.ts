// The cgroup below which the kubelet keeps its pods, in both versions of cgroups.
import { access, mkdir, readdir, readFile, rmdir, writeFile } from "node:fs/promises";
import { join } from "node:path";

export const cgroupName = "spin-publisher-cluster";

const base = "/sys/fs/cgroup";

/** The roots of the hierarchies that the kubelet uses: one with version 2, one for each controller with version 1. */
export async function cgroupRoots(): Promise<readonly string[]> {
  if (await exists(join(base, "cgroup.controllers"))) return [base];
  const names = await readdir(base);
  return names.map((name) => join(base, name));
}

/** Makes the cgroup in every hierarchy. */
export async function makeCgroups(): Promise<void> {
  for (const root of await cgroupRoots()) {
    await mkdir(join(root, cgroupName), { recursive: true });
    const controllers = await readFile(join(root, "cgroup.controllers"), "utf8").catch(() => "");
    for (const folder of controllers === "" ? [] : [root, join(root, cgroupName)]) {
      const enabled = controllers
        .trim()
        .split(/\s+/)
        .map((name) => `+${name}`);
      // One at a time: what a machine does not delegate is not needed.
      for (const name of enabled)
        await writeFile(join(folder, "cgroup.subtree_control"), name).catch(() => {});
    }
  }
}

/**
 * Removes it and everything below. Its processes have ended.
 *
 * @throws Error when one of them is still there.
 */
export async function removeCgroups(): Promise<void> {
  for (const root of await cgroupRoots()) await removeBelow(join(root, cgroupName));
}

async function removeBelow(folder: string): Promise<void> {
  if (!(await exists(folder))) return;
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    if (entry.isDirectory()) await removeBelow(join(folder, entry.name));
  }
  await rmdir(folder);
}

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
