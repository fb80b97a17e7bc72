import { describe, expect, test } from "@jest/globals";
import { commitEpoch, type EventSource, type GitHubEvent, readEvent } from "../src/event.ts";

const sha = "0a1b2c3d4e5f60718293a4b5c6d7e8f901234567";
const head = "f".repeat(40);

const source = (overrides: Partial<EventSource>): EventSource => ({
  eventName: "push",
  ref: "refs/heads/main",
  sha,
  repo: { owner: "Example-Org", repo: "site" },
  serverUrl: "https://github.com",
  actor: "ada",
  payload: {},
  ...overrides,
});

describe("an event", () => {
  test.each([
    ["refs/tags/0.1.2", { kind: "tag", name: "0.1.2" }],
    ["refs/heads/feature/x", { kind: "branch", name: "feature/x" }],
  ])("on %s is about %j", (ref, pushed) => {
    expect(readEvent(source({ ref })).pushed).toEqual(pushed);
  });

  test("of a pull request is about its head, not the merge commit", () => {
    const event = readEvent(
      source({
        eventName: "pull_request",
        ref: "refs/pull/7/merge",
        payload: { pull_request: { number: 7, head: { sha: head } } },
      }),
    );
    expect(event.pushed).toEqual({ kind: "pull-request", number: 7 });
    expect(event.sha).toBe(head);
  });

  test("on the base branch of a pull request is about the pull request all the same", () => {
    const payload = { pull_request: { number: 7, head: { sha: head } } };
    expect(readEvent(source({ eventName: "pull_request_target", payload })).pushed.kind).toBe("pull-request");
  });

  test("on anything else says what to do", () => {
    expect(() => readEvent(source({ ref: "refs/notes/x" }))).toThrow('set the input "tag"');
  });
});

describe("the time of a commit", () => {
  const event: GitHubEvent = readEvent(
    source({ payload: { head_commit: { timestamp: "2026-01-02T03:04:05+01:00" } } }),
  );
  const git = (stdout: string) => async () => ({ stdout, stderr: "" });
  const noGit = async () => Promise.reject(new Error("not a git repository"));

  test("comes from the checkout", async () => {
    expect(await commitEpoch(event, git("1760000000\n"))).toBe(1_760_000_000);
  });

  test("comes from the event where the checkout does not have the commit", async () => {
    expect(await commitEpoch(event, noGit)).toBe(Date.parse("2026-01-02T02:04:05Z") / 1000);
  });

  test("is an error that names both ways out where nobody knows it", async () => {
    const unknown = { ...event, payloadEpoch: undefined };
    await expect(commitEpoch(unknown, noGit)).rejects.toThrow(
      /add actions\/checkout .* or set the input "tag"/,
    );
  });
});
