import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { locateManifest } from "../src/manifest/read.ts";
import { project } from "./project.ts";
import { read, refusal } from "./reading.ts";

const rest = { 1: 'name = "x"\ntrigger = { type = "http" }\n', 2: '[application]\nname = "x"\n[trigger]\n' };

describe("finding a manifest", () => {
  test("takes a file of any name as it is, and spin.toml in a folder", async () => {
    const folder = await project({ "spin.toml": "", "other.toml": "" });
    expect(await locateManifest(join(folder, "other.toml"))).toBe(join(folder, "other.toml"));
    expect(await locateManifest(folder)).toBe(join(folder, "spin.toml"));
  });

  test.each([
    ["nothing", "nowhere", "does not exist. Set the input"],
    ["a path below a file", "spin.toml/spin.toml", "does not exist. Set the input"],
    ["a folder without one", "empty", "has no spin.toml"],
    ["something else", "device", "is neither a file nor a folder"],
  ])("refuses %s", async (_name, path, message) => {
    const folder = await project({ "spin.toml": "" });
    await mkdir(join(folder, "empty"));
    const wanted = path === "device" ? "/dev/null" : join(folder, path);
    await expect(locateManifest(wanted)).rejects.toThrow(message);
  });
});

describe("the version of a manifest", () => {
  test.each([
    ['spin_manifest_version = "1"', 1],
    ['spin_version = "1"', 1],
    ["spin_manifest_version = 2", 2],
    ["spin_manifest_version = 0x2", 2],
  ] as const)("%s means %d", (line, version) => {
    expect(read(`${line}\n${rest[version]}`).manifestVersion).toBe(version);
  });

  test.each(["1", '"2"', "3", "true", "2.0", '"1.0"', "[2]"])("cannot be %s", (value) => {
    expect(refusal(`\nspin_manifest_version = ${value}\n${rest[2]}`)).toBe(
      '2: the manifest version must be the string "1" or the integer 2',
    );
  });

  test("is required", () => {
    expect(refusal(rest[2])).toContain("the field spin_manifest_version is missing");
  });

  test("2 has only one spelling of the field", () => {
    expect(refusal(`spin_version = 2\n${rest[2]}`)).toContain(
      '1: the manifest has an unknown field "spin_version"',
    );
  });

  test("1 cannot use both spellings of the field", () => {
    expect(refusal(`spin_version = "1"\nspin_manifest_version = "1"\n${rest[1]}`)).toBe(
      "1: spin_manifest_version and spin_version are the same field; keep one",
    );
  });
});

describe("the text of a manifest", () => {
  test.each([
    ["bytes that are not UTF-8", Buffer.from([0x61, 0xff]), "1: the text is not UTF-8"],
    ["a string that does not end", 'a = "b', "1: this is not TOML: "],
    ["the same field twice", "a = 1\na = 2", "2: this is not TOML: "],
    ["a table that was an array", "[[a]]\n[a]", "2: this is not TOML: "],
    [
      "an integer beyond 64 bits",
      "a = 9223372036854775808",
      "1: the integer 9223372036854775808 does not fit",
    ],
    ["a table over several lines (TOML 1.1)", "a = { b = 1,\n c = 2 }", "this is not TOML: "],
    ["arrays nested without end", `a = ${"[".repeat(100_000)}`, "1: "],
    ["arrays nested deeply", `a = ${"[".repeat(65)}${"]".repeat(65)}`, "nested more than 64 levels deep"],
    ["tables nested deeply", `a${".a".repeat(70)} = 1`, "nested more than 64 levels deep"],
    ["a string that is very long", `a = "${"x".repeat(500_000)}"`, "too long a string"],
    ["more than any manifest has", " ".repeat((1 << 20) + 1), "larger than 1 MiB"],
  ])("is refused for %s", (_name, text, message) => {
    expect(refusal(text)).toContain(message);
  });

  test("may start with a byte order mark and end its lines as Windows does", () => {
    expect(read(`\uFEFFspin_manifest_version = 2\r\n${rest[2].replaceAll("\n", "\r\n")}`).name).toBe("x");
  });

  test.each(["__proto__", "constructor", "toString", "1"])("can have a variable called %s", (key) => {
    const manifest = `spin_manifest_version = 2\n${rest[2]}[component.a]\nsource = "a"\nenvironment = { "${key}" = "v" }`;
    expect([...(read(manifest).components[0]?.environment ?? [])]).toEqual([[key, "v"]]);
  });
});
