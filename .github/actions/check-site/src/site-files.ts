import { readdir, readFile } from "node:fs/promises";
import { join, sep } from "node:path";

/** The files of a site by their paths from the folder of spin.toml, with `/`. */
export interface SiteFiles {
  /** Paths of all files. */
  readonly paths: ReadonlySet<string>;
  /** Text of what Bartholomew reads; undefined where a file is not UTF-8. */
  readonly texts: ReadonlyMap<string, string | undefined>;
}

/** What Bartholomew 0.9 reads: src/response.rs and src/content.rs of its source. */
const readFolders = /^(?:content|templates|scripts|shortcodes|config|themes)\//;

/** Reads the files of a site; folders of packages and hidden folders are not part of it. */
export async function readSite(folder: string): Promise<SiteFiles> {
  const paths: string[] = [];
  const walk = async (relative: string): Promise<void> => {
    for (const entry of await readdir(join(folder, relative), { withFileTypes: true })) {
      const path = relative === "" ? entry.name : `${relative}/${entry.name}`;
      if (entry.name === "node_modules" || (entry.isDirectory() && entry.name.startsWith("."))) continue;
      if (entry.isDirectory()) await walk(path);
      else paths.push(path);
    }
  };
  await walk("");
  const texts = await Promise.all(
    paths
      .filter((path) => readFolders.test(path))
      .map(async (path) => [path, decoded(await readFile(join(folder, ...path.split("/"))))] as const),
  );
  return { paths: new Set(paths.map((path) => path.split(sep).join("/"))), texts: new Map(texts) };
}

function decoded(content: Uint8Array): string | undefined {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true })
      .decode(content)
      .replaceAll("\r\n", "\n");
  } catch {
    return undefined;
  }
}
