import { createHash } from "node:crypto";
import { mkdir, rename, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { build } from "esbuild";

/** GitHub's own workflow parser, as far as it is used here. */
export type WorkflowParser = Pick<
  typeof import("@actions/workflow-parser"),
  "parseWorkflow" | "convertWorkflowTemplate" | "NoOperationTraceWriter"
>;

const source =
  'export { convertWorkflowTemplate, NoOperationTraceWriter, parseWorkflow } from "@actions/workflow-parser";';
const packageFolder = join(import.meta.dirname, "../..");

/**
 * Loads `@actions/workflow-parser`. It imports JSON without the attribute that Node demands, so that it has to be
 * bundled before Node can load it; the bundle is kept beside the installed packages and made anew for each version.
 */
export async function loadWorkflowParser(): Promise<WorkflowParser> {
  const cache = join(packageFolder, "node_modules", ".cache");
  const installed = await stat(
    join(packageFolder, "node_modules", "@actions", "workflow-parser", "package.json"),
  );
  const key = createHash("sha256")
    .update(`${source} ${installed.ino} ${installed.mtimeMs}`)
    .digest("hex")
    .slice(0, 16);
  const file = join(cache, `workflow-parser-${key}.mjs`);
  if ((await stat(file).catch(() => undefined)) === undefined) {
    await mkdir(cache, { recursive: true });
    const unfinished = `${file}.${process.pid}`;
    await writeFile(unfinished, await bundle());
    await rename(unfinished, file);
  }
  return import(pathToFileURL(file).href);
}

async function bundle(): Promise<Uint8Array> {
  const { outputFiles } = await build({
    stdin: { contents: source, resolveDir: packageFolder },
    bundle: true,
    write: false,
    platform: "node",
    target: "node24",
    format: "esm",
    keepNames: true,
    // The yaml package asks for node:process with `require`.
    banner: {
      js: 'import { createRequire as __createRequire } from "node:module"; const require = __createRequire(import.meta.url);',
    },
  });
  const [output] = outputFiles;
  if (output === undefined) throw new Error("esbuild made no bundle of @actions/workflow-parser.");
  return output.contents;
}
