import { readdirSync, readFileSync } from "node:fs";
import { builtinModules } from "node:module";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import {
  againstTheRooms,
  type Import,
  importCircles,
  importsOf,
  type Rooms,
  roomOf,
  type Source,
} from "../layering.ts";

const root = join(import.meta.dirname, "..", "..");

/** What each place may import from the workspace. The list is the architecture: data flows down, never sideways. */
const allowed: Readonly<Record<string, readonly string[]>> = {
  "packages/errors": [],
  "packages/json": [],
  "packages/http": ["errors", "json"],
  "packages/github": ["json", "http"],
  "packages/archive": ["errors"],
  "packages/oci": ["errors", "json", "http"],
  "packages/signing": ["errors", "json", "http", "oci"],
  "packages/spin-artifact": ["errors", "json", "archive", "oci"],
  "packages/spin-release": ["errors", "json", "http", "archive", "signing"],
  "packages/action-runtime": ["errors", "json", "http", "oci", "signing"],
  "dev/sandbox": ["errors", "json", "http", "archive", "oci", "spin-artifact"],
  "actions/setup-spin": ["errors", "json", "http", "archive", "spin-release", "action-runtime"],
  "actions/spin-registry-push": [
    "errors",
    "json",
    "http",
    "archive",
    "oci",
    "spin-artifact",
    "action-runtime",
  ],
  "actions/build-shim": [
    ...["errors", "json", "http", "archive", "oci", "spin-artifact", "spin-release", "action-runtime"],
  ],
  ".github/actions/check-site": ["json", "action-runtime"],
  ".github/actions/kept-tags": ["github", "http", "oci", "action-runtime"],
  ".github/actions/page": ["json", "http", "github", "action-runtime"],
  ".github/actions/smoke": ["action-runtime"],
  "actions/helm-oci-push": ["errors", "json", "http", "archive", "oci", "action-runtime"],
};

/** The rooms of a place, and which of them each may import; `docs/architecture.md` has the diagram. */
const rooms: Readonly<Record<string, Rooms>> = {
  "packages/oci": {
    spec: [],
    refusals: ["spec"],
    auth: ["refusals", "spec"],
    client: ["auth", "refusals", "spec"],
    push: ["client", "auth", "refusals", "spec"],
    publish: ["push", "client", "auth", "refusals", "spec"],
    referrers: ["push", "client", "auth", "refusals", "spec"],
    layout: ["push", "client", "auth", "refusals", "spec"],
  },
  "actions/setup-spin": { files: [], version: [], tool: ["files"], plugins: ["files"] },
  "actions/build-shim": {
    spec: [],
    layers: ["spec"],
    content: ["spec"],
    base: ["layers", "spec"],
    embed: ["content", "layers"],
    image: ["base", "content", "embed", "layers", "spec"],
    buildx: ["content", "spec"],
  },
  "actions/spin-registry-push": {
    manifest: [],
    wasm: [],
    files: ["manifest"],
    sources: ["wasm", "files", "manifest"],
    "locked-app": ["files", "manifest"],
    layers: ["files"],
    engine: ["sources", "locked-app", "layers", "files", "manifest"],
    artifact: ["layers", "manifest"],
    comparison: ["layers"],
  },
  "actions/helm-oci-push": {
    version: [],
    yaml: [],
    chart: ["version", "yaml"],
    dependency: ["chart", "version", "yaml"],
    lint: ["chart", "version", "yaml"],
    artifact: ["chart", "dependency", "yaml"],
  },
};

/** The only places that may know the runner: its toolkit and its environment. */
const knowsTheRunner =
  /^(packages\/action-runtime\/src\/|(?:\.github\/)?actions\/[^/]+\/src\/(index|post|post-save|github-context)\.ts$)/;
/** Toolkit packages that are about a tool's installation rather than about talking to the runner. */
const toolPackages = new Set(["@actions/tool-cache", "@actions/cache", "@actions/exec"]);

function sourcesOf(place: string): readonly Source[] {
  return readdirSync(join(root, place), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts") && !name.split(/[\\/]/).includes("node_modules"))
    .map((name) => `${place}/${name.replaceAll("\\", "/")}`)
    .filter((path) => !/\/(?:dist|test)\//.test(path))
    .map((path) => ({ path, text: readFileSync(join(root, path), "utf8") }));
}

const places = [
  ...["packages", "actions", ".github/actions"].flatMap((top) =>
    readdirSync(join(root, top)).map((name) => `${top}/${name}`),
  ),
  "dev/sandbox",
];

test("every place is listed", () => {
  expect(places.sort()).toEqual(Object.keys(allowed).sort());
});

describe.each(places)("%s", (place) => {
  const sources = sourcesOf(place);
  const imports = sources.flatMap(importsOf);

  test("imports from the workspace only what is below it", () => {
    const wrong = imports.filter(({ to, kind }) => {
      const name = /^@spin-publisher\/(.+)$/.exec(to)?.[1];
      return kind === "package" && name !== undefined && !allowed[place]?.includes(name);
    });
    expect(wrong).toEqual([]);
  });

  test("does not import another place's files by path", () => {
    expect(imports.filter(({ to, kind }) => kind === "file" && !to.startsWith(`${place}/`))).toEqual([]);
  });

  test("declares every package that it imports", () => {
    const { dependencies = {} } = JSON.parse(readFileSync(join(root, place, "package.json"), "utf8"));
    const undeclared = imports.filter(({ to, kind }) => {
      const name = /^(?:@[^/]+\/)?[^/]+/.exec(to)?.[0] ?? "";
      const builtin = to.startsWith("node:") || builtinModules.includes(to);
      return kind === "package" && !builtin && !(name in dependencies);
    });
    expect(undeclared).toEqual([]);
  });

  test("knows the runner only at its edge", () => {
    if (place === "dev/sandbox") return; // it plays the runner
    const toolkit = imports.filter(
      ({ from, to }) => to.startsWith("@actions/") && !toolPackages.has(to) && !knowsTheRunner.test(from),
    );
    const environment = sources.filter(
      ({ path, text }) => /\bprocess\.env\b/.test(text) && !knowsTheRunner.test(path),
    );
    expect(toolkit).toEqual([]);
    expect(environment.map(({ path }) => path)).toEqual([]);
  });
});

describe.each(Object.entries(rooms))("the rooms of %s", (place, drawn) => {
  const sources = sourcesOf(place);

  test("are those that are listed", () => {
    const found = sources.flatMap(({ path }) => roomOf(place, path) ?? []);
    expect([...new Set(found)].sort()).toEqual(Object.keys(drawn).sort());
  });

  test("import only what the rules allow", () => {
    expect(againstTheRooms(place, drawn, sources.flatMap(importsOf))).toEqual([]);
  });
});

test("no files import each other in a circle", () => {
  const sources = [...places, "scripts", "dev"].flatMap(sourcesOf);
  expect(importCircles(sources.flatMap(importsOf))).toEqual([]);
});

describe("a seeded violation is detected", () => {
  const file = (from: string, to: string): Import => ({ from, to, kind: "file" });

  test.each([
    ['import { a } from "./b.ts";', { from: "p/src/a.ts", to: "p/src/b.ts", kind: "file" }],
    ['import type { a } from "../x/b.ts";', { from: "p/src/a.ts", to: "p/x/b.ts", kind: "file" }],
    ['export { a } from "@actions/core";', { from: "p/src/a.ts", to: "@actions/core", kind: "package" }],
    ['const a = await import("node:fs");', { from: "p/src/a.ts", to: "node:fs", kind: "package" }],
    ['import {\n  a,\n  b,\n} from "./b.ts";', { from: "p/src/a.ts", to: "p/src/b.ts", kind: "file" }],
    ['import "./b.ts";', { from: "p/src/a.ts", to: "p/src/b.ts", kind: "file" }],
  ])("%s is an import", (text, expected) => {
    expect(importsOf({ path: "p/src/a.ts", text })).toEqual([expected]);
  });

  test("an import from a lower room to a higher one", () => {
    const place = "packages/oci";
    const drawn = rooms[place] ?? {};
    const up = file("packages/oci/src/spec/digest.ts", "packages/oci/src/push/upload.ts");
    const down = file("packages/oci/src/push/upload.ts", "packages/oci/src/spec/digest.ts");
    const sideways = file("packages/oci/src/layout/write-layout.ts", "packages/oci/src/publish/publish.ts");
    const out = file("packages/oci/src/spec/digest.ts", "packages/oci/src/index.ts");
    expect(againstTheRooms(place, drawn, [up, down, sideways, out])).toEqual([
      "packages/oci/src/spec/digest.ts → packages/oci/src/push/upload.ts",
      "packages/oci/src/layout/write-layout.ts → packages/oci/src/publish/publish.ts",
      "packages/oci/src/spec/digest.ts → packages/oci/src/index.ts",
    ]);
  });

  test("a circle, of two files and of three, and no chain", () => {
    expect(importCircles([file("a", "b"), file("b", "c"), file("a", "c")])).toEqual([]);
    expect(importCircles([file("a", "b"), file("b", "a"), file("c", "a")])).toEqual([["a", "b"]]);
    expect(importCircles([file("a", "b"), file("b", "c"), file("c", "a")])).toEqual([["a", "b", "c"]]);
  });
});
