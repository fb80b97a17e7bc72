import { execFileSync } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { testNeeding } from "@spin-publisher/sandbox/testing";
import fc from "fast-check";
import { parseBase } from "../src/base/requested-base.ts";
import { parseContent } from "../src/content/requested-content.ts";
import { envVars } from "../src/image/env-vars.ts";
import { formatPlatform, parsePlatforms } from "../src/spec/platforms.ts";

const image = { registry: "ghcr.io", name: "owner/site" };
const digest = `sha256:${"a".repeat(64)}`;

describe("platforms", () => {
  test.each([
    ["linux/amd64,linux/arm64", ["linux/amd64", "linux/arm64"]],
    [" linux/arm/v7 ,\n linux/amd64 ", ["linux/arm/v7", "linux/amd64"]],
    ["linux/arm64/v8", ["linux/arm64"]],
  ])("%j are %j", (text, names) => {
    expect(parsePlatforms(text).map(formatPlatform)).toEqual(names);
  });

  test.each([
    ["", "is empty"],
    ["amd64", 'one entry is "amd64"'],
    ["linux/amd64/v2/x", "platforms such as linux/amd64"],
    ["windows/amd64", "use linux/amd64"],
    ["linux/amd64,linux/amd64", "linux/amd64 twice"],
    ["linux/arm64,linux/arm64/v8", "linux/arm64 twice"],
  ])("%j are refused", (text, message) => {
    expect(() => parsePlatforms(text)).toThrow(message);
  });
});

describe("content", () => {
  test("is a reference with a digest", async () => {
    expect(await parseContent(`ghcr.io/owner/site/content:0.1.2@${digest}`, image)).toEqual({
      kind: "registry",
      reference: { registry: "ghcr.io", name: "owner/site/content", tag: "0.1.2", digest },
    });
  });

  test("is a folder with an OCI layout", async () => {
    const folder = await mkdtemp(join(tmpdir(), "layout-"));
    await writeFile(join(folder, "oci-layout"), '{"imageLayoutVersion":"1.0.0"}');
    expect(await parseContent(folder, image)).toEqual({
      kind: "layout",
      folder,
      repository: { registry: "ghcr.io", name: "owner/site/content" },
    });
    await rm(folder, { recursive: true });
  });

  test.each([
    ["ghcr.io/owner/site/content:0.1.2", "must end in the digest"],
    ["./nowhere", "must be a reference such as"],
    ["", "must be a reference such as"],
    [`ghcr.io/Owner/site@${digest}`, "must be a reference such as"],
  ])("%j is refused", async (text, message) => {
    await expect(parseContent(text, image)).rejects.toThrow(message);
  });
});

describe("the base image", () => {
  test.each([
    ["", { kind: "official", spin: { kind: "latest" } }],
    ["scratch", { kind: "scratch", spin: { kind: "latest" } }],
    ["ghcr.io/a/b:1", { kind: "image", reference: { registry: "ghcr.io", name: "a/b", tag: "1" } }],
  ])("%j is understood", (text, wanted) => {
    expect(parseBase(text, "latest")).toEqual(wanted);
  });

  test("needs a version", () => {
    expect(() => parseBase("debian", "latest")).toThrow(
      'must have a tag or a digest, but it is "debian"; write debian:<tag>',
    );
  });
});

describe("/env.vars", () => {
  testNeeding("shebang scripts")("gives a shell back exactly what went in", () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[^\0]{0,40}$/), (value) => {
        const script = `${envVars({ VALUE: value })}printf %s "$VALUE"`;
        expect(execFileSync("sh", ["-c", script], { encoding: "utf8" })).toBe(value);
      }),
      { numRuns: 25 },
    );
  });
});
