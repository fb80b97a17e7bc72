// Every benchmark, one after the other: times as medians, side by side in one run. Nothing here passes or fails.
import { spawnSync } from "node:child_process";
import { join } from "node:path";

for (const part of ["content", "publish", "startup"]) {
  console.log(`\n${part}\n`);
  const { status } = spawnSync(process.execPath, [join(import.meta.dirname, `${part}.ts`)], {
    stdio: "inherit",
  });
  if (status !== 0) process.exitCode = 1;
}
