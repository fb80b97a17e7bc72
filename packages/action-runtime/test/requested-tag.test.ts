import { afterEach, describe, expect, test } from "@jest/globals";
import type { GitHubEvent } from "../src/event.ts";
import { requestedTag } from "../src/requested-tag.ts";

const event: GitHubEvent = {
  name: "push",
  pushed: { kind: "branch", name: "main" },
  sha: "0a1b2c3d4e5f60718293a4b5c6d7e8f901234567",
  repository: { owner: "o", name: "site" },
  serverUrl: "https://github.com",
  actor: "ada",
  payloadEpoch: 1_760_000_000,
  runId: undefined,
};

afterEach(() => {
  delete process.env.INPUT_TAG;
});

describe("the tag to publish under", () => {
  test.each([
    ["0.1.2", "0.1.2"],
    ["auto", "main-0a1b2c3d-1760000000"],
  ])("is for the input %j: %s", async (given, tag) => {
    process.env.INPUT_TAG = given;
    expect(await requestedTag(event)).toBe(tag);
  });

  test.each([
    ["", 'Input "tag" is required'],
    ["a b", 'use "a-b"'],
  ])("is for the input %j an error", async (given, message) => {
    process.env.INPUT_TAG = given;
    await expect(requestedTag(event)).rejects.toThrow(message);
  });
});
