import { afterEach, describe, expect, test } from "@jest/globals";
import type { GitHubEvent } from "../src/event.ts";
import { fillPlaceholders, placeholdersOf, repositoryInput } from "../src/index.ts";

const event = (serverUrl: string): GitHubEvent => ({
  name: "push",
  pushed: { kind: "branch", name: "main" },
  sha: "0".repeat(40),
  repository: { owner: "Octo-Org", name: "Site" },
  serverUrl,
  actor: "mona",
  payloadEpoch: undefined,
  runId: undefined,
});

afterEach(() => {
  delete process.env.INPUT_IMAGE;
});

describe("the repository of an artifact", () => {
  test.each([
    ["https://github.com", "ghcr.io/octo-org/site/content"],
    ["https://github.example.com", "containers.github.example.com/octo-org/site/content"],
  ])("beside %s is %s where no input names one", (serverUrl, expected) => {
    expect(repositoryInput("image", event(serverUrl), "/content")).toBe(expected);
  });

  test("is what the input names, in lower case and without a slash at its end", () => {
    process.env.INPUT_IMAGE = "Registry.example.com/Team/Site/";
    expect(repositoryInput("image", event("https://github.com"), "/content")).toBe(
      "registry.example.com/team/site",
    );
  });
});

describe("placeholders", () => {
  test("are filled in", () => {
    const values = { ...placeholdersOf(event("https://github.com")), "app-version": "0.1.2" };
    expect(fillPlaceholders("{registry}/{repository}:{app-version}", values)).toBe(
      "ghcr.io/octo-org/site:0.1.2",
    );
  });

  test("that are unknown are an error naming those that are known", () => {
    expect(() => fillPlaceholders("{host}/a", { registry: "ghcr.io" })).toThrow(
      '"{host}/a" contains "{host}", which is unknown; use one of {registry}.',
    );
  });

  test("are nothing else in braces", () => {
    expect(fillPlaceholders("{{ .Values.a }} {A}", {})).toBe("{{ .Values.a }} {A}");
  });
});
