import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inspect } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { locationOf } from "@spin-publisher/errors";
import { testNeeding } from "@spin-publisher/sandbox/testing";
import { requestedVersion } from "../src/version/requested-version.ts";
import { versionIn } from "../src/version/version-file.ts";

let workspace = "";
beforeAll(async () => {
  workspace = await mkdtemp(join(tmpdir(), "version-file-"));
});
afterAll(async () => {
  await rm(workspace, { recursive: true });
});

async function read(name: string, content: string): Promise<string> {
  await writeFile(join(workspace, name), content);
  return await versionIn(name, workspace);
}

test("an error is shown beside the file", async () => {
  const error = await read(".spin-version", "four").catch((error: unknown) => error);
  expect(locationOf(error)).toEqual({ file: ".spin-version", line: undefined });
});

describe(".tool-versions", () => {
  test.each([
    ["spin 4.0.2\n", "4.0.2"],
    ["# tools\nnodejs 24.1.0\r\nspin   v4.0.2  3.6.3 # the second one is a fallback\n", "v4.0.2"],
    ["spinnaker 1.2.3\nspin-lint 3.0.0\nspin 4.0.2\n", "4.0.2"],
    ["aqua:spinframework/spin 4.0.2\nspin 1.30.0\n", "4.0.2"],
    ["spin 1.30.0\nubi:fermyon/spin 3.0.0\n", "3.0.0"],
    ["spinframework/spin 4.0.2\n", "4.0.2"],
  ])("%j says %s", async (content, version) => {
    expect(await read(".tool-versions", content)).toBe(version);
  });

  test.each(["", "nodejs 24.1.0\n", "spin\n", "# spin 4.0.2\n", "spinframework/spinx 4.0.2\n"])(
    "%j does not mention Spin",
    async (content) => {
      await expect(read(".tool-versions", content)).rejects.toThrow(
        'The version file ".tool-versions" does not mention Spin. Expected a line such as spin 4.0.2.',
      );
    },
  );
});

describe("mise's file", () => {
  test.each([
    ["mise.toml", '[tools]\nspin = "4.0.2"\n', "4.0.2"],
    [".mise.toml", '[tools]\nspin = ["4.0.2", "3.6.3"]\n', "4.0.2"],
    ["mise.local.toml", '[tools]\nspin = { version = "4.0.2", os = ["linux"] }\n', "4.0.2"],
    ["mise.toml", '[tools]\nspin = [{ version = "4.0.2" }]\n', "4.0.2"],
    ["mise.toml", '[tools]\nspin = "prefix:3.6"\n', "3.6"],
    ["mise.toml", '[tools]\nspin = "latest"\n', "latest"],
    ["mise.toml", '[tools]\n"ubi:fermyon/spin[exe=spin]" = "3.6.3"\nspin = "1.30.0"\n', "3.6.3"],
    [
      "mise.toml",
      '[tools]\nnode = "24"\n\n[tools."github:spinframework/spin"]\nversion = "4.0.2"\n',
      "4.0.2",
    ],
  ])("%s: %j says %s", async (name, content, version) => {
    expect(await read(name, content)).toBe(version);
  });

  test.each([
    "",
    '[tools]\nnode = "24"\n',
    "tools = 3\n",
    "[tools]\nspin = 4\n",
    '[tasks]\nspin = "4.0.2"\n',
  ])("%j does not mention Spin", async (content) => {
    await expect(read("mise.toml", content)).rejects.toThrow('Expected spin = "4.0.2" below [tools].');
  });
});

describe("package.json", () => {
  test.each([
    ['{"engines":{"node":">=24","spin":"^4.0"}}', "^4.0"],
    ['{"name":"spin","engines":{"spin":" 4.0.2 "}}', "4.0.2"],
  ])("%j says %s", async (content, version) => {
    expect(await read("package.json", content)).toBe(version);
  });

  test.each(["{}", "[]", "null", '{"engines":{"node":"24"}}', '{"engines":{"spin":4}}', '{"spin":"4.0.2"}'])(
    "%j does not mention Spin",
    async (content) => {
      await expect(read("package.json", content)).rejects.toThrow('"engines": { "spin": "^4.0" }');
    },
  );
});

describe("any other file", () => {
  test.each([
    [".spin-version", "4.0.2\n", "4.0.2"],
    ["VERSION.txt", "# which Spin\n\n  v4.0.2 # the newest\n", "v4.0.2"],
  ])("%s: %j says %s", async (name, content, version) => {
    expect(await read(name, content)).toBe(version);
  });

  test("may begin with a byte order mark", async () => {
    expect(await read(".spin-version", "\uFEFF4.0.2\n")).toBe("4.0.2");
    expect(await read("mise.toml", '\uFEFF[tools]\nspin = "4.0.2"\n')).toBe("4.0.2");
    expect(await read("package.json", '\uFEFF{"engines":{"spin":"^4.0"}}')).toBe("^4.0");
  });

  test("that is a folder is refused as such", async () => {
    await mkdir(join(workspace, "a-folder"));
    await expect(versionIn("a-folder", workspace)).rejects.toThrow(
      'The version file "a-folder" is not a file. Name a file in the checkout.',
    );
  });

  test("that is too large to be one is not read", async () => {
    await expect(read(".spin-version", "4.0.2\n".padEnd((1 << 20) + 1))).rejects.toThrow("larger than 1 MiB");
  });

  test("is named with the line where its version is not one", async () => {
    await expect(read(".tool-versions", "nodejs 24\nspin ref:main\n")).rejects.toMatchObject({
      file: ".tool-versions",
      line: 2,
    });
    await expect(read("mise.toml", "[tools]\nspin = [\n")).rejects.toMatchObject({
      file: "mise.toml",
      line: 3,
    });
  });

  test("that is empty does not mention Spin", async () => {
    await expect(read(".spin-version", "\n")).rejects.toThrow("Expected a line such as 4.0.2.");
  });

  test.each([
    ["mise.toml", 'key = "SECRET"\n[tools', " on line 2"],
    ["package.json", '{"engines": SECRET', ""],
  ])("%s that is malformed is an error without its content", async (name, content, place) => {
    const error = await read(name, content).catch((error: unknown) => error);
    expect(inspect(error)).toContain(`The version file "${name}" is malformed${place}.`);
    expect(inspect(error)).not.toContain("SECRET");
  });

  test("may have a range", async () => {
    for (const range of [
      ">=3.4 <5",
      "3.x",
      "*",
      "^4.0 || 3.6.3",
      "3.4 - 3.6",
      "~3",
      "v4.1.0-rc.1",
      "latest",
    ]) {
      expect(await read(".spin-version", range)).toBe(range);
    }
  });

  test.each([
    "hunter2",
    `1${"-".repeat(38)}!`,
    "root:x:0:0:root:/root:/bin/bash",
    "ghp_16C7e42F292c6912E7710c838347Ae178B4a",
    "4dff4ea340f0a823f15d3f4f01ab62eae0e5da57",
    `4.0.2-${"a".repeat(35)}`,
  ])("with other content is refused, and the content is not repeated: %s", async (content) => {
    const error = await read(".spin-version", `${content}\n`).catch((error: unknown) => error);
    expect(inspect(error)).toContain(
      'The version file ".spin-version" does not contain a version. Expected a line such as 4.0.2,',
    );
    expect(inspect(error)).not.toContain(content);
  });

  testNeeding("symbolic links")("must be in the workspace, also where a link leads to it", async () => {
    const outside = await mkdtemp(join(tmpdir(), "outside-"));
    try {
      await writeFile(join(outside, ".spin-version"), "4.0.2\n");
      await mkdir(join(workspace, "inside"));
      await writeFile(join(workspace, "inside/.spin-version"), "4.0.2\n");
      await symlink(outside, join(workspace, "folder"));
      await symlink(join(outside, ".spin-version"), join(workspace, "file"));
      await symlink("inside/.spin-version", join(workspace, "good"));
      await symlink(workspace, join(outside, "workspace"));
      for (const path of [join(outside, ".spin-version"), "folder/.spin-version", "file"]) {
        await expect(versionIn(path, workspace)).rejects.toThrow(
          `The version file "${path}" is outside the workspace, or a link that leads out of it. Name a file`,
        );
      }
      expect(await versionIn("good", workspace)).toBe("4.0.2");
      expect(await versionIn(join(workspace, "good"), join(outside, "workspace"))).toBe("4.0.2");
    } finally {
      await rm(outside, { recursive: true });
    }
  });

  test("that is missing is an error with the usual reason", async () => {
    await expect(versionIn("nowhere/.spin-version", workspace)).rejects.toThrow(
      "Run actions/checkout before this step",
    );
  });
});

describe("the requested version", () => {
  const requested = async (version: string, versionFile: string) => {
    const { source, ignoredFile } = await requestedVersion({ version, versionFile, workspace });
    return { source, ignoredFile };
  };

  test.each([
    ["latest", "", "version: latest", undefined],
    ["", "", "version: latest", undefined],
    ["^4.0", "", "version: ^4.0", undefined],
    ["latest", ".requested", ".requested: 3.6.3", undefined],
    ["", ".requested", ".requested: 3.6.3", undefined],
    ["4.0.2", ".requested", "version: 4.0.2", ".requested"],
  ])("for version %j and version-file %j is %s", async (version, file, source, ignoredFile) => {
    await writeFile(join(workspace, ".requested"), "3.6.3\n");
    expect(await requested(version, file)).toEqual({ source, ignoredFile });
  });

  test("is refused with the name of the file that does not contain one", async () => {
    await writeFile(join(workspace, ".tool-versions"), "spin system\n");
    await expect(requested("latest", ".tool-versions")).rejects.toThrow(
      '.tool-versions: "system" is not a version of Spin. Use latest',
    );
  });
});
