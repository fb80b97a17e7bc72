// Every benchmark in turn: times are medians, measured side by side in one run. Benchmarks do not pass or fail.
import { spawnSync } from "node:child_process";
import { join } from "node:path";

for (const part of ["content", "publish", "startup"]) {
  console.log(`\n${part}\n`);
  const { status } = spawnSync(process.execPath, [join(import.meta.dirname, `${part}.ts`)], {
    stdio: "inherit",
  });
  if (status !== 0) process.exitCode = 1;
}
