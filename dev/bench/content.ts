// What publishing a site of 5,000 files costs, with the action as a runner starts it: requests, uploads, time
// and peak memory.
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { formatBytes } from "@spin-publisher/action-runtime";
import { runActionProcess, startRegistry } from "@spin-publisher/sandbox";
import { writeTree } from "../../actions/spin-registry-push/test/tree.ts";
import { secondsText, tableOf } from "../../scripts/table.ts";

const files = Number(process.env.FILES ?? 5000);
const scratch = await mkdtemp(join(tmpdir(), "bench-content-"));
const registry = await startRegistry();

/** Text that compresses like prose: words in an order derived from the number. */
function page(number: number): string {
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
  let state = number + 1;
  const next = () => {
    state = (state * 48271) % 2147483647;
    return words[state % words.length];
  };
  return `# Page ${number}\n\n${Array.from({ length: 700 }, next).join(" ")}\n`;
}

/** Records the peak memory of the process, in KiB, when it ends. */
const measure = join(scratch, "measure.cjs");
await writeFile(
  measure,
  `const { writeFileSync } = require("node:fs");
process.on("exit", () => writeFileSync(${JSON.stringify(join(scratch, "memory"))}, String(process.resourceUsage().maxRSS)));
`,
);

async function publish(what: string, layers: string, tag: string): Promise<readonly string[]> {
  registry.clearRequests();
  const started = performance.now();
  const { exitCode, log, outputs } = await runActionProcess({
    action: join(import.meta.dirname, "../../actions/spin-registry-push"),
    workspace: join(scratch, "site"),
    inputs: { layers, tag, aliases: "main", reference: `${registry.host}/site/${layers}` },
    env: { NODE_OPTIONS: `--require ${measure}` },
  });
  if (exitCode !== 0) throw new Error(log);
  const time = performance.now() - started;
  const memory = Number(await readFile(join(scratch, "memory"), "utf8")) * 1024;
  const uploaded = Number(outputs["uploaded-bytes"]);
  return [
    layers,
    what,
    String(registry.requests.length),
    formatBytes(uploaded),
    secondsText(time),
    formatBytes(memory),
  ];
}

try {
  const pages = Array.from(
    { length: files },
    (_, index) => [`content/${index % 50}/page-${index}.md`, page(index)] as const,
  );
  await writeTree(join(scratch, "site"), {
    ...Object.fromEntries(pages),
    "web.wasm": Buffer.from("0061736d01000000", "hex"),
    "spin.toml": `spin_manifest_version = 2
[application]
name = "bench"
[[trigger.http]]
route = "/..."
component = "web"
[component.web]
source = "web.wasm"
files = ["content/**/*"]
`,
  });
  const rows: (readonly string[])[] = [];
  for (const layers of ["auto", "files"]) {
    rows.push(await publish("first publication", layers, "1"));
    rows.push(await publish("nothing changed", layers, "1"));
    await writeTree(join(scratch, "site"), { "content/7/page-7.md": `# Changed for ${layers}\n` });
    rows.push(await publish("one file changed", layers, "2"));
  }
  const total = pages.reduce((sum, [, text]) => sum + text.length, 0);
  console.log(`${files} files with ${formatBytes(total)}`);
  for (const line of tableOf(["layers", "run", "requests", "uploaded", "time", "memory"], rows))
    console.log(line);
} finally {
  await registry.close();
  await rm(scratch, { recursive: true, force: true });
}
