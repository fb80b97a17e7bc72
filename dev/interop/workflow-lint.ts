// actionlint and zizmor read our workflow files. What they still report is listed here, each with the reason.
import { readdirSync } from "node:fs";
import { join } from "node:path";
import type { Checks } from "./checks.ts";
import { find, run, textOf } from "./commands.ts";
import { isTool, type Obtained } from "./tool.ts";

/** The newest zizmor that knows `$/`, from PyPI. */
const zizmorVersion = "1.32.0";

/** What actionlint 1.7.12, its newest, does not know yet. */
export const unknownToActionlint: readonly RegExp[] = [
  // `concurrency.queue`, since 2026-05-07
  /unexpected key "queue" for "concurrency" section/,
  // `uses: $/…`, since 2026-07-30: our own actions and workflows at the commit that is run
  /(?:specifying action|reusable workflow call) "\$\//,
];

/** The findings that are none of those. */
export function findingsOf(output: string): readonly string[] {
  return output
    .split("\n")
    .filter(
      (line) => /^\S+\.yaml:\d+:\d+: /.test(line) && !unknownToActionlint.some((known) => known.test(line)),
    );
}

/**
 * zizmor from PyPI, in a folder of its own; Python's own virtual environments need a Debian package that may be
 * missing, and `--target` does not.
 */
export async function zizmorFromPyPI(cache: string, tell: (line: string) => void): Promise<Obtained> {
  const name = `zizmor ${zizmorVersion}`;
  const python = await find("python3");
  if (python === undefined) return { name, because: "python3 is not installed" };
  const folder = join(cache, `zizmor-${zizmorVersion}`);
  const path = join(folder, "bin", "zizmor");
  try {
    await textOf(path, ["--version"]);
  } catch {
    tell(`pip install zizmor==${zizmorVersion}`);
    try {
      await run(python, ["-m", "pip", "install", "--quiet", "--target", folder, `zizmor==${zizmorVersion}`], {
        timeoutSeconds: 300,
      });
    } catch {
      return { name, because: "python3 has no pip, or PyPI cannot be reached" };
    }
  }
  return { name, path };
}

export async function checkWorkflows(
  checks: Checks,
  { actionlint, zizmor }: { readonly actionlint: Obtained; readonly zizmor: Obtained },
  root: string,
): Promise<void> {
  const subject = "workflow files";
  const folder = join(root, ".github/workflows");
  const files = readdirSync(folder).map((name) => join(folder, name));
  if (!isTool(actionlint)) {
    checks.cannot(subject, "no findings", actionlint.name, actionlint.because);
  } else {
    await checks.check(subject, "no findings", actionlint.name, async () => {
      const args = ["-oneline", "-no-color", "-shellcheck=", "-pyflakes=", ...files];
      const findings = findingsOf(await textOf(actionlint.path, args, { accept: [1] }));
      if (findings.length > 0) throw new Error(findings.join("\n"));
      return `${files.length} files`;
    });
  }
  if (!isTool(zizmor)) {
    checks.cannot(subject, "no findings", zizmor.name, zizmor.because);
  } else {
    await checks.check(subject, "no findings", zizmor.name, async () => {
      await run(zizmor.path, ["--offline", "--no-progress", "--quiet", join(root, ".github")]);
      return `${files.length} files, and the actions beside them`;
    });
  }
}
