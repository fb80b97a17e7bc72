import { expect, test } from "@jest/globals";
import { assetName, type Target } from "../src/index.ts";

const linux: Target = { system: "linux", architecture: "amd64", static: false };

// As the release workflow of Spin names them.
test.each<[Target, string]>([
  [linux, "spin-v4.0.2-linux-amd64.tar.gz"],
  [{ ...linux, architecture: "arm64" }, "spin-v4.0.2-linux-aarch64.tar.gz"],
  [{ ...linux, static: true }, "spin-v4.0.2-static-linux-amd64.tar.gz"],
  [{ ...linux, static: true, architecture: "arm64" }, "spin-v4.0.2-static-linux-aarch64.tar.gz"],
  [{ ...linux, system: "macos" }, "spin-v4.0.2-macos-amd64.tar.gz"],
  [{ ...linux, system: "macos", architecture: "arm64" }, "spin-v4.0.2-macos-aarch64.tar.gz"],
  [{ ...linux, system: "windows" }, "spin-v4.0.2-windows-amd64.zip"],
])("%j is released as %s", (target, name) => {
  expect(assetName("v4.0.2", target)).toBe(name);
});
