import { expect, test } from "@jest/globals";
import { withStandInPins } from "../stand-in-pins.ts";

const url = "https://github.com/fermyon/bartholomew/releases/download/v0.9.0/bartholomew.wasm";
const pinned = `sha256:${"a".repeat(64)}`;
const standIn = `sha256:${"b".repeat(64)}`;
const standIns = new Map([[url, standIn]]);

test.each([
  ["version 2, inline", `[component.site]\nsource = { url = "${url}", digest = "${pinned}" } # the site\n`],
  ["version 2, the other way round", `[component.site.source]\ndigest = "${pinned}"\nurl = "${url}"\n`],
  ["version 1", `[[component]]\nid = "site"\nsource = { url = "${url}", digest = "${pinned}" }\n`],
])("a manifest of %s pins the stand-in, and nothing else changes", (_name, manifest) => {
  const { text, repinned } = withStandInPins(manifest, standIns);
  expect(text).toBe(manifest.replace(pinned, standIn));
  expect(repinned).toEqual([{ url, pinned, standIn }]);
});

test.each([
  ["has another source", `source = { url = "https://example.com/x.wasm", digest = "${pinned}" }`],
  ["pins the stand-in already", `source = { url = "${url}", digest = "${standIn}" }`],
  ["has a file", 'source = "site.wasm"'],
])("a component that %s stays as it is", (_name, source) => {
  const manifest = `[component.site]\n${source}\n`;
  expect(withStandInPins(manifest, standIns)).toEqual({ text: manifest, repinned: [] });
});
