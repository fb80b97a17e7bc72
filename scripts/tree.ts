// Writes tree.txt, a snapshot of the files that people read: without bundles, tests and fixtures. With --check it writes
// nothing and fails where tree.txt differs.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { checkoutPaths } from "./checkout.ts";

const root = join(import.meta.dirname, "..");

/** The entries of a folder; those of a file are undefined. */
interface Folder extends Map<string, Folder | undefined> {}

/** Folders that are left out, so that the tree can be read in one go. */
const omitted = /(?:^|\/)(?:dist|test|fixtures)\//;

/** Lists paths as a tree, folders and files in byte order, without bundles, tests and fixtures. */
export function treeOf(paths: readonly string[]): string {
  const top: Folder = new Map();
  for (const path of paths.filter((path) => !omitted.test(path))) {
    const segments = path.split("/");
    const file = segments.pop() ?? "";
    segments.reduce(folderIn, top).set(file, undefined);
  }
  return `.\n${linesOf(top, "").join("\n")}\n`;
}

function folderIn(parent: Folder, name: string): Folder {
  const folder: Folder = parent.get(name) ?? new Map();
  parent.set(name, folder);
  return folder;
}

function linesOf(folder: Folder, indent: string): readonly string[] {
  const entries = [...folder].sort(([left], [right]) =>
    Buffer.compare(Buffer.from(left), Buffer.from(right)),
  );
  return entries.flatMap(([name, below], index) => {
    const last = index === entries.length - 1;
    const line = `${indent}${last ? "└── " : "├── "}${name}`;
    return below === undefined ? [line] : [line, ...linesOf(below, `${indent}${last ? "    " : "│   "}`)];
  });
}

if (import.meta.main) {
  const file = join(root, "tree.txt");
  const tree = treeOf([...new Set([...checkoutPaths(root), "tree.txt"])]);
  if (!process.argv.includes("--check")) writeFileSync(file, tree);
  else if (readFileSync(file, "utf8") !== tree) {
    console.error("tree.txt is out of date; run make tree.");
    process.exitCode = 1;
  }
}
