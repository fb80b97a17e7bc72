import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, jest, test } from "@jest/globals";
import { type GitHubEvent, readEvent } from "../src/event.ts";

const sha = "0a1b2c3d4e5f60718293a4b5c6d7e8f901234567";
const head = "f".repeat(40);

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "event-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

const environment = process.env;
afterEach(() => {
  process.env = environment;
});

/** The event that a runner with these variables and this payload stands for: `context` is made when it is imported. */
function eventOn(overrides: NodeJS.ProcessEnv, payload?: unknown): Promise<GitHubEvent> {
  process.env = { ...environment, ...variables(overrides, payload) };
  jest.resetModules();
  return readEvent();
}

/** The variables of a runner, with a payload in a file. */
function variables(overrides: NodeJS.ProcessEnv, payload: unknown = {}): NodeJS.ProcessEnv {
  const path = join(folder, "event.json");
  writeFileSync(path, typeof payload === "string" ? payload : JSON.stringify(payload));
  return {
    GITHUB_EVENT_NAME: "push",
    GITHUB_EVENT_PATH: path,
    GITHUB_REF: "refs/heads/main",
    GITHUB_SHA: sha,
    GITHUB_REPOSITORY: "Example-Org/site",
    GITHUB_SERVER_URL: "https://github.com",
    GITHUB_ACTOR: "ada",
    GITHUB_RUN_ID: "4242",
    ...overrides,
  };
}

describe("an event", () => {
  test.each([
    ["refs/tags/0.1.2", { kind: "tag", name: "0.1.2" }],
    ["refs/tags/release/1", { kind: "tag", name: "release/1" }],
    ["refs/heads/feature/x", { kind: "branch", name: "feature/x" }],
    ["refs/notes/x", { kind: "other", ref: "refs/notes/x" }],
    ["", { kind: "other", ref: "" }],
  ])("on %j is about %j", async (ref, pushed) => {
    expect((await eventOn({ GITHUB_REF: ref })).pushed).toEqual(pushed);
  });

  test("says who, where and what", async () => {
    expect(await eventOn({})).toEqual({
      name: "push",
      pushed: { kind: "branch", name: "main" },
      sha,
      repository: { owner: "Example-Org", name: "site" },
      serverUrl: "https://github.com",
      actor: "ada",
      payloadEpoch: undefined,
      runId: 4242,
    });
  });

  test("of a pull request is about its head, not the merge commit", async () => {
    const event = await eventOn(
      { GITHUB_EVENT_NAME: "pull_request", GITHUB_REF: "refs/pull/7/merge" },
      { pull_request: { number: 7, head: { sha: head } } },
    );
    expect(event.pushed).toEqual({ kind: "pull-request", number: 7 });
    expect(event.sha).toBe(head);
  });

  test.each<[string, string, object]>([
    ["pull_request", "refs/pull/7/merge", { pull_request: { number: 7, base: { ref: "release/1" } } }],
    ["merge_group", "refs/heads/gh-readonly-queue/x", { merge_group: { base_ref: "refs/heads/release/1" } }],
  ])("%s names the branch that is merged into", async (name, ref, payload) => {
    const event = await eventOn({ GITHUB_EVENT_NAME: name, GITHUB_REF: ref }, payload);
    expect(event.base).toBe("release/1");
  });

  test("on the base branch of a pull request is about the pull request too", async () => {
    const payload = { pull_request: { number: 7, head: { sha: head } } };
    const event = await eventOn({ GITHUB_EVENT_NAME: "pull_request_target" }, payload);
    expect(event).toMatchObject({ pushed: { kind: "pull-request", number: 7 }, sha: head });
  });

  test.each([
    ["GITHUB_SHA", ""],
    ["GITHUB_SHA", "main"],
    ["GITHUB_REPOSITORY", ""],
    ["GITHUB_REPOSITORY", "site"],
    ["GITHUB_SERVER_URL", "nope"],
    ["GITHUB_SERVER_URL", "https://github.com/path"],
  ])("with %s %j is an error that names it", async (name, value) => {
    await expect(eventOn({ [name]: value })).rejects.toThrow(`${name} is "${value}"`);
  });

  test.each(["{", "[", "7", "null"])(
    "with the payload %j is an error that names the variable",
    async (payload) => {
      await expect(eventOn({}, payload)).rejects.toThrow("GITHUB_EVENT_PATH");
    },
  );

  test("without a payload is read too", async () => {
    expect((await eventOn({ GITHUB_EVENT_PATH: "" })).payloadEpoch).toBeUndefined();
  });

  test("has the commit's time in seconds where its payload has it", async () => {
    const { payloadEpoch } = await eventOn({}, { head_commit: { timestamp: "2026-01-02T03:04:05+01:00" } });
    expect(payloadEpoch).toBe(Date.parse("2026-01-02T02:04:05Z") / 1000);
  });

  test.each(["", "x"])("has no run where GITHUB_RUN_ID is %j", async (id) => {
    expect((await eventOn({ GITHUB_RUN_ID: id })).runId).toBeUndefined();
  });
});
