import { symlink } from "node:fs/promises";
import { join } from "node:path";
import fc from "fast-check";
import { prepareAllFiles } from "../src/engine/native.ts";
import { ManifestError } from "../src/manifest/error.ts";
import { filesContext } from "./contexts.ts";
import { read, withComponent } from "./reading.ts";
import { writeTree } from "./tree.ts";

const segment = fc.constantFrom(
  "..",
  ".",
  "",
  "content",
  "out",
  "inside",
  "loop",
  "*",
  "**",
  "?*",
  "[a-z]*",
  "[!x]*",
  "a.md",
  "secret",
  "app",
  "/",
  "~",
);
const path = fc.array(segment, { minLength: 1, maxLength: 6 }).map((segments) => segments.join("/"));
const entry = fc.oneof(
  path.map((pattern) => JSON.stringify(pattern)),
  fc
    .tuple(path, path)
    .map(
      ([source, destination]) =>
        `{ source = ${JSON.stringify(source)}, destination = ${JSON.stringify(destination)} }`,
    ),
);

/** Entries of `files` and `exclude_files` that try to get out. */
export const hostileFiles: fc.Arbitrary<string> = fc
  .tuple(fc.array(entry, { minLength: 1, maxLength: 3 }), fc.array(path, { maxLength: 2 }))
  .map(([files, excluded]) => `files = [${files.join(", ")}]\nexclude_files = ${JSON.stringify(excluded)}\n`);

/**
 * Fills an empty folder: an application, beside which there is a secret, with links to that and to itself.
 *
 * @returns the application's folder.
 */
export async function hostileApplication(folder: string): Promise<string> {
  await writeTree(folder, {
    secret: "secret",
    "other/secret": "secret",
    "app/content/a.md": "a",
    "app/content/inside/b.md": "b",
    "app/.hidden/c.md": "c",
  });
  const app = join(folder, "app");
  await symlink("../../other", join(app, "content/out"));
  await symlink("../secret", join(app, "secret"));
  await symlink("content", join(app, "inside"));
  await symlink("..", join(app, "content/inside/loop"));
  return app;
}

/** @throws Error when anything from outside would be published, or anything would land outside of the component. */
export async function checkFiles(folder: string, files: string): Promise<"accepted" | "refused"> {
  try {
    const { byComponent } = await prepareAllFiles(
      read(withComponent(files)),
      filesContext(folder, { allowEmptyFiles: true }),
    );
    for (const { path, content } of byComponent.flat()) {
      const names = path.split("/");
      if (names.some((name) => name === "" || name === "." || name === ".."))
        throw new Error(`${path} is no path to mount\n${files}`);
      if (content.inline === undefined || Buffer.from(content.inline).toString() === "secret")
        throw new Error(`${path} is a secret\n${files}`);
    }
    return "accepted";
  } catch (error) {
    if (error instanceof ManifestError) return "refused";
    throw error;
  }
}
