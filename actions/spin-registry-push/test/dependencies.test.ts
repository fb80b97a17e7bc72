import { describe, expect, test } from "@jest/globals";
import { chooseEngine } from "../src/engine/choose.ts";
import { spinFeatures } from "../src/engine/needs-spin.ts";
import { read, refusal, withComponent } from "./reading.ts";

const digest = `sha256:${"a".repeat(64)}`;
const depending = (...lines: readonly string[]) =>
  withComponent(`[component.web.dependencies]\n${lines.join("\n")}\n`);

describe("the dependencies of a component", () => {
  test.each([
    '"ns:pkg" = "1.0"',
    '"ns:pkg/itf@1.0.0" = "^1.0"',
    '"ns:pkg/itf" = { version = "1.0", registry = "r.io", package = "other:pkg", export = "x" }',
    'plain-name = { version = "1.0", package = "ns:pkg" }',
    'plain-name = { path = "dep.wasm" }',
    '"ns:pkg/itf" = { path = "dep.wasm", export = "ns:pkg/other" }',
    `"ns:pkg" = { url = "https://a.b/c.wasm", digest = "${digest}", export = "x" }`,
    '"ns:pkg" = { version = "1", inherit_configuration = true }',
    '"ns:pkg" = { version = "1", inherit_configuration = ["ai_models"] }',
  ])("can be %s", (line) => {
    expect(read(depending(line)).components[0]?.dependencies.size).toBe(1);
  });

  test.each([
    [['plain = "1.0"'], 'the dependency "plain" must name its package'],
    [['plain = { version = "1.0" }'], 'the dependency "plain" must name its package'],
    [['"ns:pkg" = { version = "1", export = "x" }'], "is a whole package and so cannot have an export"],
    [['"ns:pkg" = { path = "a.wasm", export = "x" }'], "is a whole package and so cannot have an export"],
    [['not_kebab = { path = "a" }'], '"not_kebab" is not a valid dependency name: its words must be joined'],
    [['"ns:" = "1"'], '"ns:" is not a valid dependency name: it must look like'],
    [['"ns/pkg" = "1"'], '"ns/pkg" is not a valid dependency name: it must look like'],
    [['"ns:pkg@1" = "1"'], '"ns:pkg@1" is not a valid dependency name: it must look like'],
    [['"ns:p_g" = "1"'], '"ns:p_g" is not a valid dependency name: it must look like'],
    [["a = 1"], "component.web.dependencies.a must be a version or a table"],
    [['"a:b" = { export = "x" }'], 'component.web.dependencies.a:b is missing the field "component"'],
    [['"a:b" = { url = "https://a.b" }'], 'component.web.dependencies.a:b is missing the field "digest"'],
    [
      ['"a:b" = { url = "https://a.b", digest = "x" }'],
      "the digest of component.web.dependencies.a:b must be sha256:",
    ],
    [['"a:b" = { path = "x", version = "1" }'], 'component.web.dependencies.a:b has an unknown field "path"'],
    [['"a:b" = { version = "1", inherit_configuration = 1 }'], "inherit_configuration must be a list"],
    [['"a:b" = "1"', '"a:b/c" = "1"'], 'the dependencies "a:b" and "a:b/c" are for the same package'],
    [['"a:b/c@1.0.0" = "1"', '"a:b/c@1.2.3" = "1"'], "are for the same package"],
    [['"a:b/c@0.2.0" = "1"', '"a:b/c@0.2.3" = "1"'], "are for the same package"],
    [['"a:b/c@1.0.0+x" = "1"', '"a:b/c@1.0.0+y" = "1"'], "are for the same package"],
  ])("cannot be %j", (lines, message) => {
    expect(refusal(depending(...lines))).toContain(message);
  });

  test.each([
    [['"a:b/c" = "1"', '"a:b/d" = "1"']],
    [['"a:b/c@1.0.0" = "1"', '"a:b/c@2.0.0" = "1"']],
    [['"a:b/c@0.1.0" = "1"', '"a:b/c@0.2.0" = "1"']],
    [['"a:b/c@0.0.1" = "1"', '"a:b/c@0.0.2" = "1"']],
    [['"a:b/c@1.0.0-rc1" = "1"', '"a:b/c@1.0.0-rc2" = "1"']],
    [['"a:b" = "1"', '"a:c" = "1"']],
  ])("can be %j side by side", (lines) => {
    expect(read(depending(...lines)).components[0]?.dependencies.size).toBe(2);
  });

  test("inherit configuration all together or one by one, not both", () => {
    const manifest = withComponent(
      'dependencies_inherit_configuration = true\n[component.web.dependencies]\n"a:b" = { version = "1", inherit_configuration = false }',
    );
    expect(refusal(manifest)).toContain(
      '11: the dependency "a:b" sets inherit_configuration, and its component "web" sets',
    );
  });

  describe("that are components of the application", () => {
    const on = (id: string, more = "") =>
      `${depending(`"a:b" = { component = "${id}" }`)}[component.other]\nsource = "other.wasm"\n${more}`;

    test("are published as components as well", () => {
      expect(read(on("other", "files = []")).components.map(({ id }) => id)).toEqual(["web", "other"]);
    });

    test("must exist", () => {
      expect(refusal(on("missing"))).toBe(
        '10: the dependency "a:b" names the component "missing", which does not exist',
      );
    });

    test.each([
      'ai_models = ["x"]',
      'allowed_http_hosts = ["a.b"]',
      'allowed_outbound_hosts = ["http://a.b"]',
      'dependencies = { "c:d" = "1" }',
      'environment = { A = "1" }',
      'files = ["a"]',
      'key_value_stores = ["default"]',
      'sqlite_databases = ["default"]',
      'variables = { a = "1" }',
    ])("must not have %s", (more) => {
      const field = more.split(" ")[0];
      expect(refusal(on("other", more))).toBe(
        `10: the component "other" cannot be a dependency of "web", because it has permissions or resources of its own: ${field}`,
      );
    });
  });
});

describe("what only Spin can publish", () => {
  const middleware = withComponent("").replace(
    'component = "web"',
    'component = "web"\ndependencies = { middleware = [{ path = "m.wasm" }] }',
  );

  test.each([
    ["a dependency", depending('"a:b" = "1"'), 10, 'the dependency "a:b" of component "web"'],
    [
      "a package as source",
      withComponent("", '{ package = "a:b", version = "1.0.0" }'),
      8,
      'the package a:b as the source of component "web"',
    ],
    ["middleware", middleware, 7, 'a dependency of trigger "web-http-trigger"'],
  ])("is %s", (_name, manifest, line, what) => {
    const application = read(manifest);
    expect(spinFeatures(application)).toEqual([{ line, what }]);
    expect(chooseEngine("auto", application)).toBe("cli");
    expect(() => chooseEngine("native", application)).toThrow(
      `line ${line}: ${what} needs spin; set the input "engine"`,
    );
  });

  test("is not found in an ordinary application, which Spin can publish as well", () => {
    const application = read(withComponent(""));
    expect(chooseEngine("auto", application)).toBe("native");
    expect(chooseEngine("native", application)).toBe("native");
    expect(chooseEngine("cli", application)).toBe("cli");
  });

  test("includes dependencies that come from a profile", () => {
    const manifest = withComponent('[component.web.profile.p.dependencies]\n"a:b" = "1"');
    expect(chooseEngine("auto", read(manifest))).toBe("native");
    expect(chooseEngine("auto", read(manifest, "p"))).toBe("cli");
  });

  test("must be written as Spin reads it: a list for each role", () => {
    expect(refusal(middleware.replace('[{ path = "m.wasm" }]', '"m"'))).toContain(
      "7: trigger.http[0].dependencies.middleware must be a list",
    );
  });
});
