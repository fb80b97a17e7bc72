import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { parseChallenges } from "../src/auth/challenge.ts";

const parsed = (header: string) =>
  parseChallenges(header).map(({ scheme, parameters }) => [scheme, Object.fromEntries(parameters)]);

describe("a challenge", () => {
  test.each<[string, string, unknown]>([
    ["Basic", 'Basic realm="registry"', [["basic", { realm: "registry" }]]],
    [
      "Bearer, with a comma inside the scope",
      'Bearer realm="https://auth.example/token",service="registry.example",scope="repository:a/b:pull,push"',
      [
        [
          "bearer",
          {
            realm: "https://auth.example/token",
            service: "registry.example",
            scope: "repository:a/b:pull,push",
          },
        ],
      ],
    ],
    [
      "any case and blanks",
      'BEARER  Realm = "x" , ERROR=invalid_token',
      [["bearer", { realm: "x", error: "invalid_token" }]],
    ],
    ["escaped quotes", 'Basic realm="a \\"b\\" \\\\ c"', [["basic", { realm: 'a "b" \\ c' }]]],
    [
      "several in one header",
      'Negotiate, Bearer realm="x", scope="a b", Basic realm="y"',
      [
        ["negotiate", {}],
        ["bearer", { realm: "x", scope: "a b" }],
        ["basic", { realm: "y" }],
      ],
    ],
    [
      "one that carries a token",
      'Negotiate YWJj==, Basic realm="y"',
      [
        ["negotiate", {}],
        ["basic", { realm: "y" }],
      ],
    ],
    ["a parameter twice", 'Bearer realm="first", realm="second"', [["bearer", { realm: "first" }]]],
    ["an unfinished quote", 'Bearer realm="x', [["bearer", {}]]],
    ["nothing", "", []],
    ["noise", '"', []],
  ])("is read from a header with %s", (_name, header, expected) => {
    expect(parsed(header)).toEqual(expected);
  });

  test("is read unchanged, whatever is in the quotes", () => {
    const value = fc.string({ unit: "grapheme-ascii" });
    const name = fc.stringMatching(/^[a-z]{1,8}$/);
    fc.assert(
      fc.property(fc.array(fc.tuple(name, fc.dictionary(name, value)), { maxLength: 4 }), (challenges) => {
        const header = challenges
          .map(([scheme, parameters]) => {
            const list = Object.entries(parameters).map(
              ([key, text]) => `${key}="${text.replace(/["\\]/g, "\\$&")}"`,
            );
            return `${scheme} ${list.join(", ")}`.trim();
          })
          .join(", ");
        expect(parsed(header)).toEqual(challenges.map(([scheme, parameters]) => [scheme, { ...parameters }]));
      }),
    );
  });

  test("terminates quickly for any text", () => {
    fc.assert(fc.property(fc.string({ maxLength: 200 }), (header) => void parseChallenges(header)));
    parseChallenges(`Bearer ${"a=".repeat(50_000)}`);
    parseChallenges(`Bearer realm="${"\\".repeat(100_000)}`);
  });
});
