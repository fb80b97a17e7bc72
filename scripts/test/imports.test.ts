import { readdirSync, readFileSync } from "node:fs";
import { builtinModules } from "node:module";
import { dirname, join, relative, resolve } from "node:path";
import { describe, expect, test } from "@jest/globals";

const root = join(import.meta.dirname, "..", "..");

/** What each place may import from the workspace. The list is the architecture: data flows down, never sideways. */
const allowed: Readonly<Record<string, readonly string[]>> = {
  "packages/http": [],
  "packages/archive": [],
  "packages/oci": ["http"],
  "packages/spin-release": ["http", "archive"],
  "packages/action-runtime": ["http", "oci"],
  "dev/sandbox": ["http", "archive", "oci"],
  "actions/setup-spin": ["http", "archive", "spin-release", "action-runtime"],
  "actions/spin-registry-push": ["http", "archive", "oci", "action-runtime"],
  "actions/build-shim": ["http", "archive", "oci", "spin-release", "action-runtime"],
  "actions/helm-oci-push": ["http", "archive", "oci", "action-runtime"],
};

/** The only places that may know the runner: its toolkit and its environment. */
const knowsTheRunner = /^(packages\/action-runtime\/src\/|actions\/[^/]+\/src\/(index|post|inputs)\.ts$)/;
/** Toolkit packages that are about a tool's installation rather than about talking to the runner. */
const toolPackages = new Set(["@actions/tool-cache", "@actions/cache", "@actions/exec"]);

interface Import {
  readonly file: string;
  readonly specifier: string;
}

function importsOf(file: string): readonly Import[] {
  const source = readFileSync(join(root, file), "utf8");
  const found = source.matchAll(
    /(?:^|\n)\s*(?:import|export)\b[^"';]*?from\s*"([^"]+)"|\bimport\(\s*"([^"]+)"\s*\)|(?:^|\n)import\s*"([^"]+)"/g,
  );
  return [...found].map(([, from, dynamic, bare]) => ({ file, specifier: from ?? dynamic ?? bare ?? "" }));
}

function sourcesOf(place: string): readonly string[] {
  return readdirSync(join(root, place, "src"), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts"))
    .map((name) => join(place, "src", name));
}

const places = [
  ...["packages", "actions"].flatMap((top) => readdirSync(join(root, top)).map((name) => `${top}/${name}`)),
  "dev/sandbox",
];

test("every place is listed", () => {
  expect(places.sort()).toEqual(Object.keys(allowed).sort());
});

describe.each(places)("%s", (place) => {
  const imports = sourcesOf(place).flatMap(importsOf);

  test("imports from the workspace only what is below it", () => {
    const wrong = imports.filter(({ specifier }) => {
      const name = /^@spin-publisher\/(.+)$/.exec(specifier)?.[1];
      return name !== undefined && !allowed[place]?.includes(name);
    });
    expect(wrong).toEqual([]);
  });

  test("reaches into no other place by a path", () => {
    const wrong = imports.filter(
      ({ file, specifier }) =>
        specifier.startsWith(".") &&
        relative(join(root, place), resolve(join(root, dirname(file)), specifier)).startsWith(".."),
    );
    expect(wrong).toEqual([]);
  });

  test("declares every package that it imports", () => {
    const { dependencies = {} } = JSON.parse(readFileSync(join(root, place, "package.json"), "utf8"));
    const undeclared = imports.filter(({ specifier }) => {
      const name = /^(?:@[^/]+\/)?[^/]+/.exec(specifier)?.[0] ?? "";
      const builtin = specifier.startsWith("node:") || builtinModules.includes(specifier);
      return !specifier.startsWith(".") && !builtin && !(name in dependencies);
    });
    expect(undeclared).toEqual([]);
  });

  test("knows the runner only at its edge", () => {
    if (place === "dev/sandbox") return; // it plays the runner
    const toolkit = imports.filter(
      ({ file, specifier }) =>
        specifier.startsWith("@actions/") && !toolPackages.has(specifier) && !knowsTheRunner.test(file),
    );
    expect(toolkit).toEqual([]);
  });
});
