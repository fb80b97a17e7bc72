import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { downloadedModule } from "./go-programs.ts";
import { isTool, type Obtained } from "./tool.ts";

const pins = join(import.meta.dirname, "definitions");

/** Where a module has its definitions. */
const folders: Readonly<Record<string, string>> = {
  "sigs.k8s.io/gateway-api": "config/crd/standard",
  "github.com/argoproj/argo-cd/v3": "manifests/crds",
};

/** The modules that a go.mod requires, as `path@version`. */
export function requiredModules(text: string): readonly string[] {
  return [...text.matchAll(/^\s*(\S+\.\S+\/\S+) (v\S+)$/gm)].map(([, path, version]) => `${path}@${version}`);
}

/**
 * Files with the definitions. The modules are downloaded, which Go does once; nothing is built.
 *
 * @throws Error when a module cannot be downloaded or has no definitions.
 */
export async function resourceDefinitions(
  compiler: Obtained,
  tell: (line: string) => void,
): Promise<readonly string[]> {
  if (!isTool(compiler))
    throw new Error(`they are downloaded with ${compiler.name}, but ${compiler.because}`);
  const files: string[] = [];
  for (const source of requiredModules(await readFile(join(pins, "go.mod"), "utf8"))) {
    const [module = ""] = source.split("@v");
    const folder = folders[module] ?? "config/crd/bases";
    const directory = join(await downloadedModule(compiler.path, source, tell, pins), folder);
    const found = (await readdir(directory)).filter((name) => /crd\.yaml$|_.+\.yaml$/.test(name)).sort();
    if (found.length === 0) throw new Error(`${source} has no definitions in ${folder}`);
    files.push(...found.map((name) => join(directory, name)));
  }
  return files;
}
