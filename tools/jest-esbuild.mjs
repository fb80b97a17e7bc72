// Jest's transformer: esbuild strips the types, tsc checks them (TypeScript 7 has no JavaScript API, so
// ts-jest cannot work with it).
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { transformSync, version } from "esbuild";

const self = readFileSync(new URL(import.meta.url));

export default {
  process(source, path) {
    const { code, map } = transformSync(source, {
      loader: "ts",
      format: "esm",
      target: "node24",
      sourcefile: path,
      sourcemap: "external",
    });
    return { code, map };
  },
  getCacheKey(source, path, { configString }) {
    return createHash("sha256")
      .update(self)
      .update(version)
      .update(configString)
      .update(path)
      .update("\0")
      .update(source)
      .digest("hex");
  },
};
