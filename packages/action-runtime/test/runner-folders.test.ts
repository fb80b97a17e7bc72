import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { createTemporaryFolder, temporaryRoot, workspaceFolder } from "../src/runner-folders.ts";

describe("the folders of a runner", () => {
  test.each([{}, { RUNNER_TEMP: "", GITHUB_WORKSPACE: "" }])(
    "with %j are the system's temporary folder and the current folder",
    (environment) => {
      expect(temporaryRoot(environment)).toBe(tmpdir());
      expect(workspaceFolder(environment)).toBe(process.cwd());
    },
  );

  test("are those that the runner names", () => {
    expect(temporaryRoot({ RUNNER_TEMP: "/runner/temp" })).toBe("/runner/temp");
    expect(workspaceFolder({ GITHUB_WORKSPACE: "/srv/site" })).toBe("/srv/site");
  });

  test("give room to temporary files", async () => {
    const root = mkdtempSync(join(tmpdir(), "runner-"));
    const folder = await createTemporaryFolder("layout-", "An OCI layout", { RUNNER_TEMP: root });
    expect(readdirSync(root).map((name) => join(root, name))).toEqual([folder]);
    rmSync(root, { recursive: true });
  });

  test("that do not exist are named, with their purpose and what to set", async () => {
    const made = createTemporaryFolder("layout-", "An OCI layout", { RUNNER_TEMP: "/nowhere/at/all" });
    await expect(made).rejects.toThrow(
      /An OCI layout needs .* "\/nowhere\/at\/all" \(ENOENT\)\. Set RUNNER_TEMP/,
    );
  });
});
