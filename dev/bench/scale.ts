// What publishing the content of a large site costs, with the action as a runner starts it.
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runActionProcess, startRegistry } from "@spin-publisher/sandbox";
import { writeTree } from "../../actions/spin-registry-push/test/tree.ts";
import { type Cost, costOf, recordUsage } from "./cost.ts";

export interface ScaleCost {
  readonly files: number;
  readonly run: "first publication" | "nothing changed" | "one file changed";
  readonly cost: Cost;
}

const manifest = `spin_manifest_version = 2
[application]
name = "bench"
[[trigger.http]]
route = "/..."
component = "web"
[component.web]
source = "web.wasm"
files = ["content/**/*"]
`;

/** Publishes a site of `files` pages, publishes it again, changes one page and publishes that: each once. */
export async function measureScale(files: number): Promise<readonly ScaleCost[]> {
  const folder = await mkdtemp(join(tmpdir(), "bench-scale-"));
  const registry = await startRegistry({ root: join(folder, "registry") });
  try {
    const site = join(folder, "site");
    const usage = recordUsage(folder);
    const measure = join(folder, "measure.cjs");
    await writeFile(measure, usage.script);
    for (let from = 0; from < files; from += 1000)
      await writeTree(site, pages(from, Math.min(files, from + 1000)));
    await writeTree(site, { "web.wasm": Buffer.from("0061736d01000000", "hex"), "spin.toml": manifest });
    const publish = (run: ScaleCost["run"], tag: string) => async () => {
      const cost = await costOf(registry, async () => {
        const { exitCode, log } = await runActionProcess({
          action: join(import.meta.dirname, "../../actions/spin-registry-push"),
          workspace: site,
          inputs: { tag, aliases: "main", reference: `${registry.host}/site` },
          env: { NODE_OPTIONS: `--require ${measure}` },
          timeoutMilliseconds: 900_000,
        });
        if (exitCode !== 0) throw new Error(log);
        return usage.read();
      });
      return { files, run, cost };
    };
    const first = await publish("first publication", "1")();
    const unchanged = await publish("nothing changed", "1")();
    await writeTree(site, { "content/7/page-7.md": "# Changed\n" });
    return [first, unchanged, await publish("one file changed", "2")()];
  } finally {
    await registry.close();
    await rm(folder, { recursive: true, force: true });
  }
}

function pages(from: number, to: number): Readonly<Record<string, string>> {
  const numbers = Array.from({ length: to - from }, (_, index) => from + index);
  return Object.fromEntries(
    numbers.map((number) => [`content/${number % 50}/page-${number}.md`, page(number)]),
  );
}

const words = [
  "sea",
  "ship",
  "tide",
  "harbour",
  "the",
  "of",
  "and",
  "wind",
  "sail",
  "north",
  "light",
  "storm",
];

/** Text that compresses like prose: words in an order derived from the number. */
function page(number: number): string {
  let state = number + 1;
  const next = () => {
    state = (state * 48271) % 2147483647;
    return words[state % words.length];
  };
  return `# Page ${number}\n\n${Array.from({ length: 700 }, next).join(" ")}\n`;
}
