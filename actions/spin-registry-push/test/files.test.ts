import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { mkdir, rm, symlink, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { testNeeding } from "@spin-publisher/sandbox/testing";
import { type FilesContext, prepareAllFiles } from "../src/engine/native.ts";
import { namingManifest } from "../src/manifest/error.ts";
import { filesContext } from "./contexts.ts";
import { project } from "./project.ts";
import { read, withComponent } from "./reading.ts";
import { writeTree } from "./tree.ts";

/** Path → content of what the component `web` is published with, and the warnings. */
async function published(folder: string, files: string, more: Partial<FilesContext> = {}) {
  const application = read(withComponent(files));
  const { byComponent, warnings } = await namingManifest("spin.toml", () =>
    prepareAllFiles(application, filesContext(folder, more)),
  );
  return {
    paths: (byComponent[0] ?? []).map(({ path }) => path),
    warnings: warnings.map(({ line, text }) => `${line}: ${text}`),
  };
}

const paths = async (folder: string, files: string, more: Partial<FilesContext> = {}) =>
  (await published(folder, files, more)).paths;

const tree = () =>
  project({
    "content/index.md": "index",
    "content/.draft.md": "draft",
    "content/blog/one.md": "one",
    "content/blog/.hidden/two.txt": "two",
    "static/a.css": "css",
    "static/img/b.png": "png",
    "literal[1]*.txt": "literal",
    "README.md": "readme",
  });

describe("an entry of files", () => {
  test.each([
    ["one file", '["README.md"]', ["README.md"]],
    ["one file, said in a roundabout way", '["./content/../README.md"]', ["README.md"]],
    ["a file whose name looks like a pattern", '["literal[1]*.txt"]', ["literal[1]*.txt"]],
    ["the names in a folder", '["content/*"]', ["content/.draft.md", "content/index.md"]],
    [
      "everything below a folder",
      '["content/**/*"]',
      ["content/.draft.md", "content/blog/.hidden/two.txt", "content/blog/one.md", "content/index.md"],
    ],
    [
      "a pattern at any depth",
      '["**/*.md"]',
      ["README.md", "content/.draft.md", "content/blog/one.md", "content/index.md"],
    ],
    ["a pattern between folders", '["content/**/one.md"]', ["content/blog/one.md"]],
    ["a class", '["static/[!b].css"]', ["static/a.css"]],
    ["folders only", '["content/**"]', []],
    ["a pattern with a slash at its end", '["content/*/"]', []],
    ["nothing that exists", '["nope/*"]', []],
    ["a pattern in other case", '["Content/*"]', []],
    ["a folder, one level too deep", '["static"]', ["static/static/a.css", "static/static/img/b.png"]],
    ["the same with a slash", '["static/"]', ["static/static/a.css", "static/static/img/b.png"]],
    ["a folder in a folder", '["static/img"]', ["static/img/static/img/b.png"]],
    ["a folder under another name", '[{ source = "static", destination = "/" }]', ["a.css", "img/b.png"]],
    [
      "a folder under a deeper name",
      '[{ source = "static/", destination = "//assets/./x/" }]',
      ["assets/x/a.css", "assets/x/img/b.png"],
    ],
    [
      "a file under another name",
      '[{ source = "README.md", destination = "/docs/index.md" }]',
      ["docs/index.md"],
    ],
    [
      "a folder with a source that is no pattern",
      '[{ source = "content/blog", destination = "blog" }]',
      ["blog/.hidden/two.txt", "blog/one.md"],
    ],
    ["the same file twice", '["README.md", "*.md"]', ["README.md"]],
    [
      "two files of the same content at one place",
      '["README.md", { source = "README.md", destination = "README.md" }]',
      ["README.md"],
    ],
  ])("means %s", async (_name, files, expected) => {
    expect(await paths(await tree(), `files = ${files}`, { allowEmptyFiles: true })).toEqual(expected);
  });

  test.each(["", "./"])("%j means the application folder, without going a level deeper", async (entry) => {
    const folder = await project({ "a/b.txt": "b", "c.txt": "c" });
    expect(await paths(folder, `files = ["${entry}"]`)).toEqual(["a/b.txt", "c.txt"]);
    expect(await paths(folder, `files = [{ source = "${entry}", destination = "/x" }]`)).toEqual([
      "x/a/b.txt",
      "x/c.txt",
    ]);
  });

  test.each([
    ['["nope"]', '"nope" does not exist and is not a pattern'],
    ['[".."]', '".." ends in "." or ".."'],
    ['["content/.."]', '"content/.." ends in "." or ".."'],
    ['["."]', '"." ends in "." or ".."'],
    ['["content/."]', '"content/." ends in "." or ".."'],
    [
      '["../shared/*"]',
      'the path "../shared/*" is outside the application folder; write { source = "../shared", destination = "shared" }',
    ],
    [
      '["content/../../x"]',
      'the path "content/../../x" is outside the application folder; write { source = "../x", destination = "x" }',
    ],
    ['["*/../README.md"]', 'has ".." after a wildcard'],
    ['["/etc/passwd"]', 'the path "/etc/passwd" is an absolute path'],
    ['["C:/x"]', 'the path "C:/x" is an absolute path'],
    ['["a\\u0000b"]', "contains a NUL character"],
    ['["content/***"]', '"content/***" is not a pattern: it has more than two stars'],
    ['["content/**x/*"]', '"content/**x/*" is not a pattern: "**" must stand alone'],
    ['["content/[a"]', '"content/[a" is not a pattern: a "[" is not closed'],
    ['[{ source = "nope", destination = "/" }]', 'the source "nope" does not exist'],
    ['[{ source = "content/*", destination = "/" }]', 'the source "content/*" does not exist'],
    [
      '[{ source = "../x", destination = "/" }]',
      'the source "../x" is outside the checkout, and only what is in it is published; copy it there first',
    ],
    ['[{ source = "/etc", destination = "/" }]', 'the source "/etc" is an absolute path'],
    [
      '[{ source = "README.md", destination = "/" }]',
      'the destination "/" of "README.md" must end in a file name',
    ],
    [
      '[{ source = "README.md", destination = "" }]',
      'the destination "" of "README.md" must end in a file name',
    ],
    [
      '[{ source = "README.md", destination = "docs/" }]',
      'the destination "docs/" of "README.md" must end in a file name',
    ],
    [
      '[{ source = "README.md", destination = "docs/." }]',
      'the destination "docs/." of "README.md" must end in a file name',
    ],
    [
      '[{ source = "static", destination = "../other" }]',
      `the destination "../other" is outside the component's root`,
    ],
    ['[{ source = "static", destination = "a/../../other" }]', "is outside the component's root"],
  ])("cannot be %s", async (files, message) => {
    await expect(published(await tree(), `files = ${files}`)).rejects.toThrow(
      expect.objectContaining({
        message: expect.stringMatching(/^spin\.toml:9: in the files of component "web", .*\.$/),
      }),
    );
    await expect(published(await tree(), `files = ${files}`)).rejects.toThrow(message);
  });

  test("cannot put different files at one place", async () => {
    const files = 'files = ["README.md", { source = "static/a.css", destination = "README.md" }]';
    await expect(published(await tree(), files)).rejects.toThrow(
      'spin.toml:9: "README.md" and "static/a.css" differ, and both would be published as "README.md"; exclude one of them.',
    );
  });

  test("cannot put a file where a folder must be", async () => {
    const files =
      'files = [{ source = "README.md", destination = "x" }, { source = "static", destination = "x/y" }]';
    await expect(published(await tree(), files)).rejects.toThrow(
      'spin.toml:9: "x" is a file, but "x/y/a.css" needs it to be a folder.',
    );
  });

  test("is sorted by the bytes of the published path, whatever the file system says", async () => {
    const folder = await project({
      é: "1",
      z: "2",
      "a/b": "3",
      "a-b": "4",
      "a.b": "5",
      "😀": "6",
      "～": "7",
      Z: "8",
    });
    expect(await paths(folder, 'files = ["**/*"]\nexclude_files = ["spin.toml"]')).toEqual([
      "Z",
      "a-b",
      "a.b",
      "a/b",
      "z",
      "é",
      "～",
      "😀",
    ]);
  });

  testNeeding("FIFOs")("cannot match a named pipe, unless that is excluded", async () => {
    const folder = await project({ "content/a": "a" });
    execFileSync("mkfifo", [join(folder, "content/pipe")]);
    await expect(paths(folder, 'files = ["content/*"]')).rejects.toThrow(
      '"content/pipe" is a named pipe, which cannot be published; exclude or remove it.',
    );
    const files = 'files = ["content/*"]\nexclude_files = ["**/pipe"]';
    expect(await paths(folder, files)).toEqual(["content/a"]);
    await expect(paths(folder, 'files = ["content/pipe"]')).rejects.toThrow('"content/pipe" is a named pipe');
  });

  testNeeding("FIFOs")("cannot match a socket", async () => {
    const folder = await project({ "content/a": "a" });
    const server = createServer().listen(join(folder, "content/socket"));
    await once(server, "listening");
    await expect(paths(folder, 'files = ["content"]')).rejects.toThrow('"content/socket" is a socket, which');
    server.close();
  });

  testNeeding("symbolic links").each([
    ["nowhere", 'is a link to "nowhere", which does not exist; exclude or remove it'],
    ["link", "is a link that leads back to itself; exclude or remove it"],
  ])("cannot match a link to %s", async (target, message) => {
    const folder = await project({ "content/a": "a" });
    await symlink(target, join(folder, "content/link"));
    await expect(paths(folder, 'files = ["content/**/*"]')).rejects.toThrow(`"content/link" ${message}.`);
    expect(await paths(folder, 'files = ["content/a*"]')).toEqual(["content/a"]);
    await expect(paths(folder, 'files = ["content/link"]')).rejects.toThrow('"content/link" is a link');
  });

  testNeeding("a file system that keeps bytes").each([
    ["caf\\xe9.md", "file"],
    ["caf\\xe9", "folder"],
  ])("cannot match %s, a %s whose name is not UTF-8", async (shown, kind) => {
    const folder = await project({ "content/a": "a" });
    const name = Buffer.concat([Buffer.from(`${folder}/content/caf`), Buffer.from([0xe9])]);
    if (kind === "file") await writeFile(Buffer.concat([name, Buffer.from(".md")]), "é");
    else await mkdir(name);
    await expect(paths(folder, 'files = ["content/**/*"]')).rejects.toThrow(
      `"content/${shown}" is not named in UTF-8, so it cannot be published; exclude or remove it.`,
    );
    expect(await paths(folder, 'files = ["content/a*"]')).toEqual(["content/a"]);
    const excluded = 'files = ["content/**/*"]\nexclude_files = ["content/caf*"]';
    expect(await paths(folder, excluded)).toEqual(["content/a"]);
  });

  test("can map a folder beside the application, as long as it is in the checkout", async () => {
    const checkout = await project({
      "site/spin.toml": "",
      "static/a.css": "a",
      "static/img/b.png": "b",
      "robots.txt": "r",
    });
    const within = { workspace: checkout };
    const site = join(checkout, "site");
    const files = `files = [
  { source = "../static", destination = "/" },
  { source = "../robots.txt", destination = "robots.txt" },
]`;
    expect(await paths(site, files, within)).toEqual(["a.css", "img/b.png", "robots.txt"]);
    const excluding = `${files}\nexclude_files = ["../static/img/*"]`;
    expect(await paths(site, excluding, within)).toEqual(["a.css", "robots.txt"]);
    await expect(paths(site, 'files = [{ source = "../../x", destination = "/" }]', within)).rejects.toThrow(
      'the source "../../x" is outside the checkout',
    );
    const elsewhere = { workspace: await project() };
    await expect(paths(site, files, elsewhere)).rejects.toThrow(
      'the source "../static" is outside the application folder, and only what is in it is published',
    );
  });

  testNeeding("symbolic links")("cannot map a folder with a link out of the checkout", async () => {
    const checkout = await project({ "site/spin.toml": "", "static/a.css": "a" });
    await symlink(await project({ secret: "s" }), join(checkout, "static/link"));
    const files = 'files = [{ source = "../static", destination = "/" }]';
    await expect(paths(join(checkout, "site"), files, { workspace: checkout })).rejects.toThrow(
      '"../static/link" is a link to',
    );
    await symlink(await project(), join(checkout, "out"));
    const linked = files.replace("static", "out");
    await expect(paths(join(checkout, "site"), linked, { workspace: checkout })).rejects.toThrow(
      '"../out" is a link to',
    );
  });

  test("is warned about where it hardly means what it says", async () => {
    expect((await published(await tree(), 'files = ["static"]')).warnings).toEqual([
      '9: "static" puts its files at "static/static/…", as Spin does; write "static/**/*" for "static/…"',
    ]);
    expect((await published(await tree(), 'files = ["**/*"]')).warnings).toEqual([
      '9: "**/*" publishes everything in the application folder',
    ]);
  });

  test("is warned about where it publishes the history of the repository", async () => {
    const folder = await project({ ".git/config": "token", "a.md": "a" });
    const { warnings } = await published(folder, 'files = [".git/**/*", "*.md"]');
    expect(warnings).toEqual([
      '9: ".git/config" is published, and what Git keeps may hold credentials; add exclude_files = [".git/**"]',
    ]);
  });
});

describe("an entry that matches nothing", () => {
  const more = { "spin.toml": "", "content/a.md": "a", "empty/deep/.keep": "", "a.txt": "a" };
  const site = async () => {
    const folder = await project(more);
    await rm(join(folder, "empty/deep/.keep"));
    await mkdir(join(folder, "submodule"));
    return folder;
  };
  const message = (entry: string, reason: string) =>
    `in the files of component "web", "${entry}" matches nothing: ${reason}`;
  const cases: (readonly [string, string])[] = [
    ["content/**", 'it matches folders and never a file; write "content/**/*"'],
    ["content/*/", 'it matches folders and never a file; write "content/*/**/*"'],
    ["content/*.html", "no file has such a name; correct it"],
    ["empty", 'the folder "empty" has no files; add some'],
    [
      "submodule/**/*",
      'the folder "submodule" is empty; add its files (for a submodule, set "submodules: true" for actions/checkout)',
    ],
  ];
  const ofMissing: (readonly [string, string])[] = [
    ["contnet/**/*", 'the folder "contnet" does not exist; correct it'],
    ["content/blog/*.md", 'the folder "content/blog" does not exist; correct it'],
    ["a.txt/*", '"a.txt" is not a folder; correct it'],
  ];

  test.each([...cases, ...ofMissing])(
    "is an error where the component has no other: %s",
    async (entry, reason) => {
      await expect(paths(await site(), `files = ["${entry}"]`)).rejects.toThrow(
        `spin.toml:9: ${message(entry, reason)}, or set "allow-empty-files: true" if that is right.`,
      );
    },
  );

  test.each(cases)("is a warning beside others: %s", async (entry, reason) => {
    const { warnings } = await published(await site(), `files = ["content/*", "${entry}"]`);
    expect(warnings).toContain(`9: ${message(entry, reason)}`);
  });

  test.each(ofMissing)("is an error beside others where its folder is missing: %s", async (entry, reason) => {
    const files = `files = ["content/*", "${entry}"]`;
    await expect(paths(await site(), files)).rejects.toThrow(message(entry, reason));
    const { warnings } = await published(await site(), files, { allowEmptyFiles: true });
    expect(warnings).toEqual([`9: ${message(entry, reason)}`]);
  });

  test("is told from one of which everything is excluded", async () => {
    const files = 'files = ["content/*"]\nexclude_files = ["*.md"]';
    await expect(paths(await site(), files)).rejects.toThrow(
      message("content/*", "exclude_files excludes all of it; correct exclude_files"),
    );
  });

  test.each([
    ['["web/dist/**/*"]', 'the folder "web" does not exist'],
    ['["web"]', '"web" does not exist and is not a pattern'],
    ['[{ source = "web/dist", destination = "/" }]', 'the source "web/dist" does not exist'],
  ])("may be what the build command creates: %s", async (files, reason) => {
    const manifest = `files = ${files}\n[component.web.build]\ncommand = "make"`;
    await expect(paths(await site(), manifest)).rejects.toThrow(
      `${reason}; run the build first, or set "build: true"`,
    );
    await expect(paths(await site(), manifest, { built: true })).rejects.toThrow(
      `${reason}; the build did not create it`,
    );
  });
});

describe("a Git LFS pointer", () => {
  const pointer = `version https://git-lfs.github.com/spec/v1\noid sha256:${"0".repeat(64)}\nsize 12345\n`;

  test("is refused, unless the pointer itself is wanted", async () => {
    const folder = await project({ "content/a.png": pointer, "content/b.md": "version https://x\n" });
    const files = 'files = ["content/*"]';
    await expect(paths(folder, files)).rejects.toThrow(
      'spin.toml:9: "content/a.png" is a Git LFS pointer and not the file itself; set "lfs: true" for actions/checkout, or "allow-lfs-pointers: true" to publish the pointer.',
    );
    expect(await paths(folder, files, { allowLfsPointers: true })).toEqual(["content/a.png", "content/b.md"]);
  });

  test("is not what a larger text starts with", async () => {
    const folder = await project({ "content/a.md": pointer.padEnd(1025, "x") });
    expect(await paths(folder, 'files = ["content/*"]')).toEqual(["content/a.md"]);
  });
});

describe("exclude_files", () => {
  test.each([
    ["a name at every depth", '["*.md"]', ["content/blog/.hidden/two.txt"]],
    ["everything below a folder", '["content/*"]', []],
    [
      "one path",
      '["content/index.md"]',
      ["content/.draft.md", "content/blog/.hidden/two.txt", "content/blog/one.md"],
    ],
    [
      "nothing below the folder it names",
      '["content/blog"]',
      ["content/.draft.md", "content/blog/.hidden/two.txt", "content/blog/one.md", "content/index.md"],
    ],
    ["what any of its entries matches", '["*.txt", "**/blog/**"]', ["content/.draft.md", "content/index.md"]],
  ])("leaves out %s", async (_name, exclude, expected) => {
    const files = `files = ["content/**/*"]\nexclude_files = ${exclude}`;
    expect(await paths(await tree(), files, { allowEmptyFiles: true })).toEqual(expected);
  });

  test.each([
    ["no file", '"content/*.txt"', ""],
    ["a folder", '"**/blog"', '; write "**/blog/**" to exclude everything in that folder'],
    ["a folder with a slash", '"content/"', '; write "content/**" to exclude everything in that folder'],
  ])("is warned about where it names %s", async (_name, pattern, advice) => {
    const files = `files = ["content/*.md"]\nexclude_files = ["*/.draft.md", "content/.d*", ${pattern}]`;
    expect((await published(await tree(), files)).warnings).toEqual([
      `10: ${pattern} in exclude_files of component "web" excludes nothing${advice}`,
    ]);
  });

  test("matches the source of a file, not its destination", async () => {
    const files =
      'files = [{ source = "static", destination = "assets" }]\nexclude_files = ["static/img/*", "assets/*"]';
    expect(await paths(await tree(), files)).toEqual(["assets/a.css"]);
  });

  test("never excludes a file that is named", async () => {
    const files = 'files = ["README.md", { source = "README.md", destination = "x" }]\nexclude_files = ["*"]';
    expect(await paths(await tree(), files)).toEqual(["README.md", "x"]);
  });

  test("has no effect alone", async () => {
    expect(await paths(await tree(), 'exclude_files = ["*"]')).toEqual([]);
  });

  test("is refused where it is not a pattern", async () => {
    await expect(published(await tree(), 'files = []\nexclude_files = ["a**"]')).rejects.toThrow(
      'spin.toml:10: exclude_files has "a**", which is not a pattern: "**" must stand alone between slashes.',
    );
  });
});

describe("a symbolic link", () => {
  testNeeding("symbolic links")("inside the application is published as what it points to", async () => {
    const folder = await tree();
    await symlink("../README.md", join(folder, "content/link.md"));
    await symlink("../static", join(folder, "content/assets"));
    expect(await paths(folder, 'files = ["content/**/*"]')).toEqual([
      "content/.draft.md",
      "content/assets/a.css",
      "content/assets/img/b.png",
      "content/blog/.hidden/two.txt",
      "content/blog/one.md",
      "content/index.md",
      "content/link.md",
    ]);
    expect(await paths(folder, 'files = [{ source = "content/assets", destination = "/" }]')).toEqual([
      "a.css",
      "img/b.png",
    ]);
  });

  testNeeding("symbolic links").each([
    ["a pattern", 'files = ["content/*"]', "content/secret"],
    ["its name", 'files = ["content/secret"]', "content/secret"],
    ["a mapping", 'files = [{ source = "content/secret", destination = "x" }]', "content/secret"],
    [
      "a folder behind it, by a pattern",
      'files = ["content/**/*"]\nexclude_files = ["content/secret"]',
      "content/outside",
    ],
    ["a folder behind it, by name", 'files = ["content/outside/x"]', "content/outside/x"],
    [
      "a folder behind it, by a mapping",
      'files = [{ source = "content/outside", destination = "/" }]',
      "content/outside",
    ],
  ])("out of the application is refused when it is reached by %s", async (_name, files, path) => {
    const outside = await project({ x: "secret" });
    const folder = await tree();
    await symlink(join(outside, "x"), join(folder, "content/secret"));
    await symlink(outside, join(folder, "content/outside"));
    await expect(published(folder, files)).rejects.toThrow(`"${path}" is a link to "${outside}`);
  });

  testNeeding("symbolic links")("out of the application is ignored if it is excluded", async () => {
    const outside = await project({ x: "secret" });
    const folder = await tree();
    await symlink(join(outside, "x"), join(folder, "static/secret"));
    await symlink(outside, join(folder, "static/outside"));
    const files = 'files = ["static/**/*"]\nexclude_files = ["static/secret", "static/outside/**"]';
    expect(await paths(folder, files)).toEqual(["static/a.css", "static/img/b.png"]);
    expect(await paths(folder, 'files = ["static/*"]\nexclude_files = ["static/secret"]')).toEqual([
      "static/a.css",
    ]);
  });

  testNeeding("symbolic links")(
    "to a folder above itself is refused, since following it would never end",
    async () => {
      const folder = await tree();
      await symlink("..", join(folder, "content/blog/up"));
      await expect(published(folder, 'files = ["content/**/*"]')).rejects.toThrow(
        'the link "content/blog/up" leads back to a folder above itself; exclude or remove it',
      );
    },
  );

  testNeeding("symbolic links")("is not followed without end when links multiply", async () => {
    const folder = await project({ "content/end/file": "x" });
    for (let level = 0; level < 24; level += 1) {
      const next = level === 23 ? "end" : `level-${level + 1}`;
      await mkdir(join(folder, `content/level-${level}`));
      for (const name of ["left", "right"])
        await symlink(`../${next}`, join(folder, `content/level-${level}`, name));
    }
    await expect(published(folder, 'files = ["content/level-0/**/nothing"]')).rejects.toThrow(
      /the folder "content\/level-0\/.*" is reached through links in more than 64 ways/,
    );
  });

  testNeeding("symbolic links")("may be the application folder itself", async () => {
    const folder = await tree();
    const other = await project();
    await symlink(folder, join(other, "app"));
    expect(await paths(join(other, "app"), 'files = ["static/*"]')).toEqual(["static/a.css"]);
  });
});

describe("a folder", () => {
  test("that is empty is not published", async () => {
    const folder = await tree();
    await mkdir(join(folder, "content/empty"));
    expect(await paths(folder, 'files = ["content/blog/*"]')).toEqual(["content/blog/one.md"]);
  });

  test("can have a path that looks like a pattern", async () => {
    const folder = await project();
    await writeTree(join(folder, "[app]*"), { "content/a.md": "a" });
    expect(await paths(join(folder, "[app]*"), 'files = ["content/*"]')).toEqual(["content/a.md"]);
  });
});
