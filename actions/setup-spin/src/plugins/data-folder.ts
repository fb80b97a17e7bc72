import { access, constants, stat } from "node:fs/promises";
import { homedir } from "node:os";
import { isAbsolute, join } from "node:path";
import { errorCode, whyUnwritable } from "@spin-publisher/errors";
import { createFolder } from "../files/create-folder.ts";

/** Where Spin keeps plugins. */
export interface DataFolder {
  /** Undefined where only Spin knows: on Windows, and where Homebrew installed it. */
  readonly path: string | undefined;
  /** Why Spin's own choice cannot be used, as a clause; `path` has to be set as `SPIN_DATA_DIR` then. */
  readonly because?: string;
}

/**
 * The data folder that Spin chooses (its `crates/common/src/data_dir.rs`), or one in `temp` where that cannot be
 * written to: HOME may be missing, `/`, or read-only. Plugins are a cache, and a job can do with its own.
 */
export async function usableDataFolder(
  environment: NodeJS.ProcessEnv,
  platform: string,
  temp: string,
): Promise<DataFolder> {
  const chosen = environment.SPIN_DATA_DIR || dataFolderOfSpin(environment, platform);
  if (environment.SPIN_DATA_DIR || chosen === undefined) return { path: chosen };
  const because =
    chosen === "" ? "this job's user has no home folder" : await whyNotWritable(join(chosen, "plugins"));
  if (because === undefined) return { path: chosen };
  return {
    path: join(temp, "spin-data"),
    because: chosen === "" ? because : `"${chosen}": ${because}`,
  };
}

/** As Rust's `dirs::data_local_dir`; empty where there is no home folder. */
function dataFolderOfSpin(environment: NodeJS.ProcessEnv, platform: string): string | undefined {
  if (platform === "win32") return undefined;
  const home = environment.HOME || homeOfUser();
  if (platform === "darwin") return home && join(home, "Library", "Application Support", "spin");
  const data = environment.XDG_DATA_HOME ?? "";
  if (isAbsolute(data)) return join(data, "spin");
  return home && join(home, ".local", "share", "spin");
}

function homeOfUser(): string {
  try {
    return homedir();
  } catch {
    return ""; // a container's user whom the system does not know
  }
}

async function whyNotWritable(folder: string): Promise<string | undefined> {
  try {
    await createFolder(folder);
    await access(folder, constants.W_OK | constants.X_OK);
    return undefined;
  } catch (error) {
    return whyUnwritable(error);
  }
}

/**
 * Whether a plugin that Spin lists has lost its program: Spin lists what has a manifest (its
 * `crates/plugins/src/store.rs`). False where the manifest is not where we expect it.
 */
export async function hasLostItsProgram(name: string, folder: string, platform: string): Promise<boolean> {
  const plugins = join(folder, "plugins");
  const program = join(plugins, name, platform === "win32" ? `${name}.exe` : name);
  return (await sizeOf(join(plugins, "manifests", `${name}.json`))) > 0 && (await sizeOf(program)) === 0;
}

/** 0 for a file that does not exist. */
async function sizeOf(path: string): Promise<number> {
  try {
    return (await stat(path)).size;
  } catch (error) {
    if (errorCode(error) === "ENOENT" || errorCode(error) === "ENOTDIR") return 0;
    throw error;
  }
}
