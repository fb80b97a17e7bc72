import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, jest } from "@jest/globals";
import { gzip, tar } from "@spin-publisher/archive";
import {
  corrupted,
  hostileArchive,
  hung,
  type SpinBinary,
  truncated,
  type UpstreamOptions,
} from "@spin-publisher/sandbox";
import { testNeeding } from "@spin-publisher/sandbox/testing";
import { archives, closeRunners, failureOf, startRunner } from "./runner.ts";

const test = testNeeding("the sandbox's runner");

jest.setTimeout(60_000);
afterEach(closeRunners);

const inputs = { version: "4.0.2" };
const file = (path: string, content: string) =>
  ({ type: "file", path, bytes: Buffer.from(content) }) as const;
const script = "#!/bin/sh\necho 'spin 4.0.2 (0a1b2c3 2026-06-23)'\n";

/** A release whose every archive is `archive`, and whose checksums file says so. */
async function releaseOf(archive: Uint8Array): Promise<UpstreamOptions> {
  const { createHash } = await import("node:crypto");
  const checksum = createHash("sha256").update(archive).digest("hex");
  return {
    answer: ({ host }, usual) => {
      if (host !== "release-assets.githubusercontent.com") return usual;
      if (usual.headers?.["content-type"] === "application/gzip") return { ...usual, body: archive };
      return {
        ...usual,
        body: Buffer.from(usual.body ?? "")
          .toString()
          .replace(/^[0-9a-f]{64}/gm, checksum),
      };
    },
  };
}

describe("nothing is installed when", () => {
  const issuedByFulcio = readFileSync(
    join(import.meta.dirname, "../../../packages/spin-release/test/fixtures/issued-by-fulcio.pem"),
    "utf8",
  );
  const signedBySomebodyElse = async () =>
    gzip(
      await tar([
        file("spin", script),
        file("spin.sig", "bm90IGEgc2lnbmF0dXJl"),
        file("crt.pem", issuedByFulcio),
      ]),
    );

  test.each<[string, () => Promise<UpstreamOptions>, string]>([
    [
      "the archive has another checksum",
      async () => archives(corrupted),
      "is not the archive that was released: expected sha256:",
    ],
    [
      "the archive is a web page",
      async () => archives(() => ({ status: 200, body: "<!DOCTYPE html><title>Sign in</title>" })),
      "answered with a web page instead of the archive. Check the mirror or proxy that this machine uses.",
    ],
    ["the archive is cut off", async () => archives(truncated), "stopped after"],
    ["the download hangs", async () => archives(hung), "stopped after 0 bytes"],
    [
      "the archive is missing",
      async () => archives(() => ({ status: 404 })),
      "does not exist although the release's checksums file lists it",
    ],
    [
      "the checksums file is missing",
      async () => ({ answer: ({ path }, usual) => (path.includes("checksums") ? { status: 404 } : usual) }),
      "Spin 4.0.2 has no checksums file",
    ],
    [
      "the checksums file is a web page",
      async () => ({
        answer: (_request, usual) =>
          usual.headers?.["content-type"] === "text/plain" ? { ...usual, body: "<html>sign in" } : usual,
      }),
      "answered with a web page instead of a checksums file",
    ],
    [
      "somebody else's workflow signed it",
      async () => releaseOf(await signedBySomebodyElse()),
      "Spin v4.0.2 should be signed by https://github.com/spinframework/spin/.github/workflows/release.yml@refs/tags/v4.0.2, but it is signed by https://github.com/sigstore/sigstore-js/",
    ],
    [
      "a path leaves the archive",
      async () => releaseOf(await hostileArchive("../../../../evil", "x")),
      'the path "../../../../evil" leaves it',
    ],
    [
      "the archive does not contain Spin",
      async () => releaseOf(gzip(await tar([file("README.md", "x")]))),
      "does not contain spin",
    ],
    [
      "the archive is not an archive",
      async () => releaseOf(Buffer.from("nothing")),
      "damaged or not a gzipped tar",
    ],
    [
      "the binary is another version",
      async () => ({ spin: async () => Buffer.from(script.replace("4.0.2", "4.0.1")) }),
      'The binary in the release of Spin 4.0.2 says that it is "spin 4.0.1 (0a1b2c3 2026-06-23)"',
    ],
    [
      "the binary does not start",
      async () => ({ spin: async () => Buffer.from("#!/no/such/loader\n") }),
      "Spin 4.0.2 does not start on this runner",
    ],
  ])("%s", async (_name, options, message) => {
    const runner = await startRunner(await options());
    const run = await runner.run(inputs, { pretend: { faster: 100 } });
    expect(failureOf(run)).toContain(message);
    expect(run.log).not.toMatch(/^ +at /m);
    expect(await runner.installed()).toEqual([]);
  });
});

describe("a signature that proves nothing", () => {
  test.each([
    ["missing", [], "the archive contains no signature"],
    ["in an unknown form", [file("spin.sig", "?"), file("crt.pem", "?")], "its certificate cannot be read"],
  ])("(%s) is reported, and is not a failure", async (_name, entries, because) => {
    const archive = gzip(await tar([{ ...file("spin", script), executable: true }, ...entries]));
    const runner = await startRunner(await releaseOf(archive));
    const run = await runner.run(inputs);
    expect(run.exitCode).toBe(0);
    expect(run.log).toContain(
      `  SHA-256 matches the release's checksums file; signature not verified: ${because}\n`,
    );
    expect(run.annotations).toEqual([
      { level: "notice", message: expect.stringMatching(/^Spin 4\.0\.2: signature not verified: /) },
    ]);
  });
});

test("a download that breaks off twice is completed, and the log says so", async () => {
  let broken = 2;
  const runner = await startRunner(archives((usual) => (broken-- > 0 ? truncated(usual) : usual)));
  const run = await runner.run(inputs, { pretend: { faster: 100 } });
  expect(run.exitCode).toBe(0);
  expect(run.log.match(/trying again in \d+\.\d s: The download of .* stopped/g)).toHaveLength(2);
});

test("only Spin itself reaches the disk when an archive is unpacked", async () => {
  const spin: SpinBinary = async () => Buffer.from(script);
  const runner = await startRunner({ spin });
  const run = await runner.run(inputs);
  const { readdir } = await import("node:fs/promises");
  expect(await readdir(run.paths[0] ?? "")).toEqual(["spin"]);
});
