import { expect, test } from "@jest/globals";
import { treeOf } from "../tree.ts";

test("a tree lists folders and files in byte order, and a bundle as one line", () => {
  expect(treeOf(["b/z.ts", "a", "b/É", "b/c/d", "x/dist/index.js", "x/dist/y-AAAA.js", "B"])).toBe(
    [
      ".",
      "├── B",
      "├── a",
      "├── b",
      "│   ├── c",
      "│   │   └── d",
      "│   ├── z.ts",
      "│   └── É",
      "└── x",
      "    └── dist",
      "",
    ].join("\n"),
  );
});
