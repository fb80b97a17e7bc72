import { expect, test } from "@jest/globals";
import { treeOf } from "../tree.ts";

test("a tree lists folders and files in byte order", () => {
  expect(treeOf(["b/z.ts", "a", "b/É", "b/c/d", "B"])).toBe(
    [".", "├── B", "├── a", "└── b", "    ├── c", "    │   └── d", "    ├── z.ts", "    └── É", ""].join(
      "\n",
    ),
  );
});

test("a tree omits bundles, tests and fixtures, and nothing that is only named like them", () => {
  const paths = [
    "x/dist/index.js",
    "x/test/a.test.ts",
    "x/test/data/b",
    "dev/fixtures/c",
    "x/src/test.ts",
    "x/distance/d",
  ];
  expect(treeOf(paths)).toBe(
    [".", "└── x", "    ├── distance", "    │   └── d", "    └── src", "        └── test.ts", ""].join("\n"),
  );
});
