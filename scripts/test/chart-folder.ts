import { cp, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";

const root = join(import.meta.dirname, "..", "..");

/**
 * Copies charts/bart, with the sandbox's stand-in for the Helmet library in charts/.
 *
 * @returns the path of the copy, a folder in `folder`.
 */
export async function chartWithLibrary(folder: string): Promise<string> {
  const chart = join(folder, "bart");
  const library = join(chart, "charts", "helmet");
  await cp(join(root, "charts/bart"), chart, { recursive: true });
  await rm(join(chart, "charts"), { recursive: true, force: true });
  await cp(join(root, "dev/sandbox/fixtures/helmet"), library, { recursive: true });
  const manifest = await readFile(join(library, "Chart.yaml"), "utf8");
  await writeFile(join(library, "Chart.yaml"), manifest.replace("version: 0.0.0", "version: 0.14.0"));
  return chart;
}
