import { chmod, mkdir, utimes, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { describe, expect } from "@jest/globals";
import { runActionProcess } from "@spin-publisher/sandbox";
import { testNeeding } from "@spin-publisher/sandbox/testing";
import fc from "fast-check";
import { built, digestOfArtifact } from "./building.ts";
import { project } from "./project.ts";
import { withComponent } from "./reading.ts";
import { component } from "./wasm.ts";

const test = testNeeding("Unix permissions");

const manifest = withComponent('files = ["site/**/*", { source = "site", destination = "/" }]');

/** A site in a new folder; how it comes to be there is what must not matter. */
async function checkout(
  entries: readonly (readonly [path: string, content: string])[],
  { parent = "", mode = 0o644, time = 0, umask = 0o022 } = {},
): Promise<string> {
  const folder = join(await project(), parent);
  const before = process.umask(umask);
  try {
    await mkdir(folder, { recursive: true });
    for (const [path, content] of entries) {
      await mkdir(dirname(join(folder, path)), { recursive: true });
      await writeFile(join(folder, path), content);
      await chmod(join(folder, path), mode);
      await utimes(join(folder, path), time, time);
    }
    await writeFile(join(folder, "web.wasm"), component);
    await writeFile(join(folder, "spin.toml"), manifest);
  } finally {
    process.umask(before);
  }
  return folder;
}

const name = fc.stringMatching(/^[a-zA-Zé～😀. -]{1,6}$/u).filter((text) => !/^\.+$/.test(text));
const site = fc
  .uniqueArray(fc.tuple(fc.array(name, { minLength: 1, maxLength: 3 }), fc.string({ maxLength: 400 })), {
    minLength: 1,
    maxLength: 12,
    selector: ([names]) => names.join("/").toLowerCase().normalize("NFC"),
  })
  .map((files) => {
    const paths = files.map(([names]) => names.join("/"));
    const isFolder = (path: string) => paths.some((other) => other.startsWith(`${path}/`));
    return files.flatMap(([names, content]) =>
      isFolder(names.join("/")) ? [] : [[`site/${names.join("/")}`, content] as const],
    );
  })
  .filter((files) => files.length > 0);

describe("the digest of a site", () => {
  test.each(["files", "archive"] as const)(
    "as %s depends on paths and contents, not on the order, place, modes or times of files",
    async (layers) => {
      const arrival = fc.record({
        parent: fc.constantFrom("a", "deep/er/[x]*", "ü b"),
        mode: fc.constantFrom(0o600, 0o644, 0o755),
        time: fc.integer({ min: 0, max: 2 ** 31 }),
        umask: fc.constantFrom(0o000, 0o022, 0o077),
      });
      await fc.assert(
        fc.asyncProperty(site, fc.infiniteStream(fc.nat()), arrival, async (files, random, circumstances) => {
          const shuffled = files
            .map((file) => [random.next().value, file] as const)
            .sort(([a], [b]) => a - b);
          const one = await built(await checkout(files), { request: { layers } });
          const other = await built(
            await checkout(
              shuffled.map(([, file]) => file),
              circumstances,
            ),
            { request: { layers } },
          );
          expect(digestOfArtifact(other.artifact)).toBe(digestOfArtifact(one.artifact));
        }),
        { numRuns: 25 },
      );
    },
  );

  test("changes with every byte", async () => {
    const digest = async (content: string) =>
      digestOfArtifact((await built(await checkout([["site/a.md", content]]))).artifact);
    expect(await digest("a")).not.toBe(await digest("b"));
  });

  test("is the same in another time zone, locale and checkout", async () => {
    const files = [
      ["site/z.md", "z".repeat(200)],
      ["site/ä.md", "a".repeat(200)],
      ["site/Z.md", "Z".repeat(200)],
    ] as const;
    const digests = new Set<string | undefined>();
    for (const env of [
      { TZ: "UTC", LC_ALL: "C" },
      { TZ: "Pacific/Kiritimati", LC_ALL: "sv_SE.UTF-8", LANG: "tr_TR.UTF-8" },
    ]) {
      const { outputs } = await runActionProcess({
        action: join(import.meta.dirname, ".."),
        workspace: await checkout(files, { parent: env.LC_ALL }),
        inputs: { "dry-run": "true", reference: "127.0.0.1:1/site/content" },
        env,
      });
      digests.add(outputs.digest);
    }
    expect([...digests]).toEqual([expect.stringMatching(/^sha256:/)]);
  });
});
