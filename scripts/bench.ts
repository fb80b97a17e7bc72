// Every benchmark, one after the other: times as medians, side by side in one run. Nothing here passes or fails.
import { spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { join } from "node:path";

const parts = readdirSync(import.meta.dirname)
  .filter((name) => /^bench-[a-z0-9-]+\.ts$/.test(name))
  .sort();
for (const part of parts) {
  console.log(`\n${part.replace(/^bench-|\.ts$/g, "")}\n`);
  const { status } = spawnSync(process.execPath, [join(import.meta.dirname, part)], { stdio: "inherit" });
  if (status !== 0) process.exitCode = 1;
}
