// How long an action takes that has nothing to do: its bundle beside an idle Node, interleaved.
// The budget is 100 ms over bare Node. Tests do not assert it, since they may share their machine.
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const root = join(import.meta.dirname, "../..");
const runs = 21;

interface Measured {
  readonly name: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

/** setup-spin with the requested version in the tool cache: no request, no process, nothing to unpack. */
function warmSetupSpin(folder: string): Measured {
  const toolCache = join(folder, "_tool");
  for (const shelf of ["x64", "arm64"]) {
    const tool = join(toolCache, "spin", "4.0.2", shelf);
    mkdirSync(tool, { recursive: true });
    writeFileSync(join(tool, "spin"), "#!/bin/sh\necho 'spin 4.0.2 (0a1b2c3 2026-06-23)'\n", { mode: 0o755 });
    writeFileSync(`${tool}.complete`, "");
  }
  return {
    name: "setup-spin, warm",
    args: [join(root, "actions/setup-spin/dist/index.js")],
    env: {
      RUNNER_TOOL_CACHE: toolCache,
      RUNNER_TEMP: folder,
      GITHUB_WORKSPACE: folder,
      INPUT_VERSION: "4.0.2",
      INPUT_CACHE: "auto",
      "INPUT_CHECK-LATEST": "false",
    },
  };
}

function milliseconds({ args, env }: Measured): number {
  const started = performance.now();
  const { status, stdout } = spawnSync(process.execPath, args, {
    env: { PATH: process.env.PATH, ...env },
    encoding: "utf8",
  });
  const taken = performance.now() - started;
  if (status !== 0) throw new Error(`${args.join(" ")} ended with ${status}:\n${stdout}`);
  return taken;
}

/** Fastest and middle of the runs, which alternate so that a busy moment hits all alike. */
function measure(subjects: readonly Measured[]): ReadonlyMap<string, { fastest: number; median: number }> {
  const times = subjects.map((subject) => ({ subject, taken: [] as number[] }));
  for (let run = 0; run < runs; run += 1)
    for (const { subject, taken } of times) taken.push(milliseconds(subject));
  return new Map(
    times.map(({ subject, taken }) => {
      const sorted = taken.sort((left, right) => left - right);
      return [subject.name, { fastest: sorted[0] ?? 0, median: sorted[sorted.length >> 1] ?? 0 }];
    }),
  );
}

/** Rows of fastest and median times, with what they add to bare Node. */
export function startUpTable(): {
  readonly header: readonly string[];
  readonly rows: readonly (readonly string[])[];
} {
  const folder = mkdtempSync(join(tmpdir(), "bench-startup-"));
  try {
    const bare: Measured = { name: "node -e 0", args: ["-e", "0"], env: {} };
    const post: Measured = {
      name: "setup-spin, post, nothing to keep",
      args: [join(root, "actions/setup-spin/dist/post.js")],
      env: {},
    };
    const measured = measure([bare, warmSetupSpin(folder), post]);
    const base = measured.get(bare.name) ?? { fastest: 0, median: 0 };
    const rows = [...measured].map(([name, { fastest, median }]) => [
      name,
      fastest.toFixed(0),
      `+${(fastest - base.fastest).toFixed(0)}`,
      median.toFixed(0),
      `+${(median - base.median).toFixed(0)}`,
    ]);
    return { header: ["process", "fastest", "over node", "median", "over node"], rows };
  } finally {
    rmSync(folder, { recursive: true });
  }
}
