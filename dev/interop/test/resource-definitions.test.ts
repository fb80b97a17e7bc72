import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "@jest/globals";
import { requiredModules } from "../resource-definitions.ts";

const folder = join(import.meta.dirname, "..", "definitions");

test("every module with definitions has its checksum in the repository", async () => {
  const modules = requiredModules(await readFile(join(folder, "go.mod"), "utf8"));
  const sums = await readFile(join(folder, "go.sum"), "utf8");
  expect(modules).toContain("sigs.k8s.io/gateway-api@v1.4.1");
  for (const module of modules) {
    const [path, version] = module.split(/@(?=v)/);
    expect(sums).toContain(`${path} ${version} h1:`);
    expect(sums).toContain(`${path} ${version}/go.mod h1:`);
  }
});
