import { chmod, mkdir } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { whyUnreadable } from "@spin-publisher/errors";
import { testNeeding } from "@spin-publisher/sandbox/testing";
import { compileGlob } from "../src/chart/glob.ts";
import { parseHelmignore } from "../src/chart/helmignore.ts";
import { walkChart } from "../src/chart/walk.ts";
import { chartYaml, type Tree, temporaryFolder, writeTree } from "./chart-folder.ts";
import { unprivileged } from "./unprivileged.ts";

describe("a pattern matches as Go's filepath.Match does", () => {
  test.each([
    ["*.md", "a.md", true],
    ["*.md", "a/b.md", false],
    ["a?c", "abc", true],
    ["a?c", "a/c", false],
    ["[a-c]x", "bx", true],
    ["[^a]x", "bx", true],
    ["[!f]x", "!x", true],
    ["[!f]x", "ax", false],
    ["a[^b]c", "a/c", true],
    ["[\\]]", "]", true],
    ["[z-a]", "b", false],
    ["[^z-a]", "b", true],
    ["\\*", "*", true],
    ["\\*", "a", false],
    ["*", ".hidden", true],
    ["A", "a", false],
    ["😀?", "😀😀", true],
    ["*", "", true],
    ["", "", true],
    ["", "a", false],
    ["**", "ab", true],
    ["a*b*c", "axbxbxc", true],
    ["a*b*c", "axbx/c", false],
    ["*/b", "a/b", true],
    // A star never takes back: it is content with the "a", and then "/" is in the way of the next one.
    ["*[^x]*b", "a/ab", false],
  ])("%s on %s: %s", (pattern, text, matches) => expect(compileGlob(pattern)?.(text)).toBe(matches));

  test("a pattern of many stars takes no longer than a short one", () => {
    expect(compileGlob(`${"*a".repeat(60)}b`)?.("a".repeat(250))).toBe(false);
  });

  test.each(["[", "[a", "[]a]", "[a-]", "[-a]", "a\\", "[\\"])("%s is malformed", (pattern) =>
    expect(compileGlob(pattern)).toBeUndefined(),
  );
});

describe(".helmignore", () => {
  const ignored = (rules: string, ...paths: readonly string[]) => {
    const ignores = parseHelmignore(Buffer.from(rules));
    return paths.filter((path) => ignores(path.replace(/\/$/, ""), path.endsWith("/")) !== undefined);
  };

  test.each([
    ["*.md", ["a.md", "a/b.md", "a.txt"], ["a.md", "a/b.md"]],
    ["/a.md", ["a.md", "b/a.md"], ["a.md"]],
    ["a/b", ["a/b", "c/a/b", "b"], ["a/b"]],
    ["./a", ["a"], []],
    ["a/", ["a", "a/", "b/a/"], ["a/", "b/a/"]],
    ["*.md # comment", ["a.md"], []],
    ["  *.md \t\r", ["a.md"], ["a.md"]],
    ["\\#a", ["#a"], ["#a"]],
    ["#a", ["#a"], []],
    ["", ["templates/.a", "templates/sub/.a", ".a"], ["templates/.a"]],
    // Real behaviour: a negated rule leaves out at once whatever it does not match.
    ["*.md\n!README.md", ["README.md", "Chart.yaml", "a.md"], ["README.md", "Chart.yaml", "a.md"]],
    ["!templates/", ["Chart.yaml", "templates/"], ["Chart.yaml"]],
    ["\ufeff*.md", ["a.md"], ["a.md"]],
  ])("%j", (rules, paths, expected) => expect(ignored(rules, ...paths)).toEqual(expected));

  test.each([
    ["a/**/b", /Line 1 of .helmignore is "a\/\*\*\/b", but Helm does not support "\*\*"/],
    ["ok\n[", /Line 2 of .helmignore is "\[", which is not a complete pattern/],
  ])("%j is refused", (rules, message) => expect(() => ignored(rules)).toThrow(message));
});

describe("a chart's folder", () => {
  const walked = async (tree: Tree, chart = ".") => {
    await using folder = await temporaryFolder();
    await writeTree(folder.path, tree);
    const files = await walkChart(join(folder.path, chart), { workspace: folder.path });
    return files.map(({ path, bytes }) => `${path}=${Buffer.from(bytes).toString()}`);
  };

  test("is walked by the bytes of names, depth first, and an ignored folder is not entered", async () => {
    expect(
      await walked({
        "\u{1f600}": "astral",
        "\uff5e": "sorts before it by bytes, after it by UTF-16",
        "a/z": "1",
        "a.b": "2",
        "skip/x": { link: "nowhere" },
        ".helmignore": "/skip/\n.helmignore\n",
      }),
    ).toEqual(["a/z=1", "a.b=2", "\uff5e=sorts before it by bytes, after it by UTF-16", "\u{1f600}=astral"]);
  });

  test("links within the workspace are followed, the chart itself may be one", async () => {
    expect(
      await walked(
        {
          LICENSE: "free",
          "real/Chart.yaml": "c",
          "real/L": { link: "../LICENSE" },
          chart: { link: "real" },
        },
        "chart",
      ),
    ).toEqual(["Chart.yaml=c", "L=free"]);
  });

  test.each<[string, Tree, RegExp]>([
    [
      "a link out of the workspace",
      { "chart/x": { link: "/etc/passwd" } },
      /The link "x" in the chart leaves the workspace/,
    ],
    [
      "a link into .git",
      { ".git/config": "token", "chart/x": { link: "../.git/config" } },
      /leaves the workspace/,
    ],
    ["a dangling link", { "chart/x": { link: "nowhere" } }, /The link "x" in the chart points to nothing/],
    ["a link to itself", { "chart/x": { link: "x" } }, /points to nothing \(or to itself\)/],
    ["a link to a folder above", { "chart/a/b": { link: ".." } }, /The link "a\/b" in the chart leads back/],
    [
      "two links that lead to each other",
      { "chart/a/b": { link: "../c" }, "chart/c/d": { link: "../a" } },
      /leads back/,
    ],
    [
      "a file that is too large",
      { "chart/big": new Uint8Array(5 * 1024 * 1024 + 1) },
      /"big" in the chart has 5242881 bytes, but Helm 3 and Flux load files of at most/,
    ],
    [
      "a name with a backslash",
      { "chart/a\\b": "x" },
      /"a\\b", whose name contains a "\\", which Helm takes for a "\/"/,
    ],
    ["no folder", {}, /does not exist; set the input "chart"/],
    ["a file", { chart: "x" }, /is a file; set the input "chart" to the folder/],
  ])("%s is refused", async (_what, tree, message) => {
    await expect(walked(tree, "chart")).rejects.toThrow(message);
  });

  test("is refused outside of the workspace, directly or through a link", async () => {
    await using folder = await temporaryFolder();
    await writeTree(folder.path, {
      "outside/Chart.yaml": chartYaml,
      "workspace/site": { link: "../outside" },
      "workspace/.git/chart/Chart.yaml": chartYaml,
      "workspace/git": { link: ".git/chart" },
      link: { link: "workspace" },
    });
    const workspace = join(folder.path, "workspace");
    for (const chart of ["outside", "workspace/site", "workspace/git", "link/site"]) {
      await expect(walkChart(join(folder.path, chart), { workspace })).rejects.toThrow(
        /The chart folder ".*" is outside the workspace, or is a link that leads out of it; set the input "chart"/,
      );
    }
  });

  test("may be in a workspace that is itself reached by a link", async () => {
    await using folder = await temporaryFolder();
    await writeTree(folder.path, { "real/site/Chart.yaml": chartYaml, workspace: { link: "real" } });
    const workspace = join(folder.path, "workspace");
    expect(await walkChart(join(workspace, "site"), { workspace })).toHaveLength(1);
  });

  testNeeding("Unix permissions").each([
    ["values.yaml", '"values.yaml" of the chart cannot be read: the job\'s user has no permission; grant it'],
    ["templates", 'The folder "templates" of the chart cannot be read: the job\'s user has no permission;'],
    [".helmignore", ".helmignore of the chart cannot be read: the job's user has no permission;"],
    [".", "The chart's folder cannot be read: the job's user has no permission;"],
  ])("of which %s cannot be read is refused in a sentence", async (path, message) => {
    await using folder = await temporaryFolder();
    const files = { "values.yaml": "", "templates/a.yaml": "", ".helmignore": "" };
    await writeTree(join(folder.path, "site"), files);
    await chmod(folder.path, 0o755);
    await chmod(join(folder.path, "site", path), path === "." ? 0o111 : 0);
    const refused = unprivileged(() => walkChart(join(folder.path, "site"), { workspace: folder.path }));
    await expect(refused).rejects.toMatchObject({
      message: expect.stringContaining(message),
      cause: expect.objectContaining({ code: "EACCES" }),
    });
    await chmod(join(folder.path, "site", path), 0o755);
  });

  test("of which a file is removed while it is read is refused in a sentence", () => {
    const gone = Object.assign(new Error("ENOENT: no such file"), { code: "ENOENT" });
    expect(whyUnreadable(gone, "the chart")).toBe(
      "was removed while it was being read; do not change the chart while publishing",
    );
  });

  testNeeding("Unix permissions")(
    "the mode of a file and the folder that the chart is in do not matter",
    async () => {
      await using folder = await temporaryFolder();
      const [first, second] = [join(folder.path, "a"), join(folder.path, "b/c")];
      for (const at of [first, second]) await writeTree(at, { "Chart.yaml": chartYaml, x: "x" });
      await mkdir(join(second, "empty"));
      await chmod(join(second, "x"), 0o755);
      expect(await walkChart(first)).toEqual(await walkChart(second));
    },
  );
});
