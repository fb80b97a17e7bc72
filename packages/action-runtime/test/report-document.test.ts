import { describe, expect, test } from "@jest/globals";
import { manifestOf } from "@spin-publisher/oci";
import type { Built } from "../src/built.ts";
import type { Occasion, Report } from "../src/occasion.ts";
import { reportDocument } from "../src/report-document.ts";

const digest = `sha256:${"a".repeat(64)}` as const;
const report: Report = {
  reference: `ghcr.io/octo-org/site:0.1.2@${digest}`,
  digest,
  tag: "0.1.2",
  changed: true,
  uploadedBytes: 12,
  aliases: [],
  layout: "",
  signature: "",
};
const built: Built = { artifact: { root: manifestOf("application/vnd.oci.image.index.v1+json", "{}", {}) } };
const occasion: Occasion = {
  what: "shim",
  repository: { registry: "ghcr.io", name: "octo-org/site" },
  event: {
    name: "push",
    pushed: { kind: "tag", name: "0.1.2" },
    sha: "0".repeat(40),
    repository: { owner: "Octo-Org", name: "Site" },
    serverUrl: "https://github.com",
    actor: "mona",
    payloadEpoch: undefined,
    runId: undefined,
  },
  seconds: 1,
  usage: "docker run a\ndocker run b",
};
const document = async (part: Partial<Report> = {}, more: Partial<Built> = {}) =>
  JSON.parse(await reportDocument({ ...report, ...part }, { ...built, ...more }, occasion));

describe("the report of an action", () => {
  test("is one line with what was published, its page and how to use it", async () => {
    const line = await reportDocument(report, built, occasion);
    expect(line).not.toContain("\n");
    expect(JSON.parse(line)).toEqual({
      kind: "shim",
      reference: report.reference,
      repository: "ghcr.io/octo-org/site",
      tag: "0.1.2",
      digest,
      changed: true,
      dryRun: false,
      wouldBeRefused: false,
      uploadedBytes: 12,
      differences: [],
      page: "https://github.com/Octo-Org/Site/pkgs/container/site",
      commands: ["docker run a", "docker run b"],
    });
  });

  test("says what changed since the version before, in at most 100 lines", async () => {
    const lines = Array.from({ length: 150 }, (_, index) => `page-${index}.md`);
    const { differences } = await document({}, { changes: Promise.resolve(lines) });
    expect([differences.length, differences[0]]).toEqual([100, "page-0.md"]);
  });

  test("says why a dry run would be refused", async () => {
    const refusal = "ghcr.io/a:1 already points at b.\nWhat differs:\n  - page.md (changed)";
    expect(await document({ layout: "/tmp/layout", refusal })).toMatchObject({
      dryRun: true,
      wouldBeRefused: true,
      differences: ["page.md (changed)"],
    });
  });

  test("does not fail where the version before cannot be read", async () => {
    expect(await document({}, { changes: Promise.reject(new Error("gone")) })).toMatchObject({
      differences: [],
    });
  });
});
