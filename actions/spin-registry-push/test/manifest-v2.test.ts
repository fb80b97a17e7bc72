import { describe, expect, test } from "@jest/globals";
import { locked, read, refusal, withComponent } from "./reading.ts";

const v2 = (more: string) => `spin_manifest_version = 2\n[application]\nname = "site"\n${more}`;

describe("a manifest of version 2", () => {
  test("shows in the metadata what it says about the application, without what is empty", () => {
    const manifest = `spin_manifest_version = 2
[application]
name = "site"
version = ""
description = "A site"
authors = []
targets = ["spin-up:3.3", { path = "t.wit" }]
[application.trigger.http]
base = "/"
[application.tool.editor]
anything = { goes = true }
[[trigger.http]]
route = "/"
component = "web"
[component.web]
source = "web.wasm"
targets = []
[component.web.tool.editor]
size = 1
`;
    expect(locked(manifest)).toEqual({
      spin_lock_version: 0,
      metadata: {
        description: "A site",
        name: "site",
        trigger: { base: "/", type: "http" },
        triggers: { http: { base: "/" } },
      },
      triggers: [
        { id: "web-http-trigger", trigger_type: "http", trigger_config: { component: "web", route: "/" } },
      ],
      components: [{ id: "web", source: expect.anything() }],
    });
  });

  test("names the trigger type in the metadata only where there is exactly one", () => {
    const one = v2("[[trigger.redis]]\nchannel = 'a'\n");
    const two = `${one}[[trigger.http]]\nroute = "/"\nstatic_response = {}\n`;
    expect(locked(one).metadata.trigger).toEqual({ type: "redis" });
    expect(locked(two).metadata).not.toHaveProperty("trigger");
    expect(locked(v2("[trigger]")).metadata).toEqual({ name: "site", triggers: {} });
  });

  test("lets the type of the trigger win over a setting of that name", () => {
    const manifest = v2(
      '[application.trigger.http]\ntype = "other"\n[[trigger.http]]\nroute = "/"\nstatic_response = {}',
    );
    expect(locked(manifest).metadata.trigger).toEqual({ type: "http" });
  });

  test("keeps settings of a trigger type that no trigger has", () => {
    const manifest = v2(
      "[application.trigger.redis]\naddress = 'r'\n[[trigger.http]]\nroute = '/'\nstatic_response = {}",
    );
    expect(locked(manifest).metadata.triggers).toEqual({ redis: { address: "r" } });
  });

  test("lists triggers by the first appearance of their type, then as they are written", () => {
    const manifest = v2(
      "[[trigger.redis]]\nchannel = 'a'\n[[trigger.http]]\nroute = '/'\nstatic_response = {}\n[[trigger.redis]]\nchannel = 'b'\n[[trigger.2]]\nx = 1\n[[trigger.1]]\n",
    );
    const { triggers } = locked(manifest);
    expect(triggers.map(({ id }: { id: string }) => id)).toEqual([
      "redis-trigger1",
      "redis-trigger2",
      "http-trigger1",
      "2-trigger1",
      "1-trigger1",
    ]);
  });

  test("keeps the settings of any trigger, with keys sorted at every depth", () => {
    const manifest = v2(`[[trigger.timer]]
z = 1
a = { z = [1, 2.0, { y = 1, b = 2 }], "1" = true, "10" = 1e3, "2" = -0.0 }
id = "mine"
n = [inf, nan, 9223372036854775807, 1e16, 1.5e-7, 1e-5, 12345.678]
`);
    const [trigger] = read(manifest).triggers;
    expect(trigger?.id).toBe("mine");
    expect(locked(manifest).triggers[0].trigger_config).toEqual(expect.objectContaining({ z: 1 }));
  });

  test("lists components by their own headers, and those written in triggers behind them", () => {
    const manifest = v2(`[component.b.build]
command = "make b"
[[trigger.http]]
route = "/"
component = { source = "inline.wasm" }
[component.a]
source = "a.wasm"
[component.b]
source = "b.wasm"
`);
    expect(read(manifest).components.map(({ id }) => id)).toEqual(["a", "b", "http-trigger1-component"]);
  });

  test.each([
    [
      "mentioned before",
      "[component.a.build]\ncommand = 'x'\n[component.b]\nsource = 'b'\n[component.c]\nsource = 'c'\n[component.a]\nsource = 'a'",
      ["b", "c", "a"],
    ],
    [
      "opened before",
      "[component.b]\nsource = 'b'\n[component.a]\nsource = 'a'\n[component.b.build]\ncommand = 'x'",
      ["b", "a"],
    ],
    ["by dotted keys", "[component]\nb.source = 'b'\na.source = 'a'\nb.description = 'x'", ["b", "a"]],
  ])("lists components that were %s in the order that Spin 4.0 gives them", (_name, components, expected) => {
    expect(read(v2(`[trigger]\n${components}`)).components.map(({ id }) => id)).toEqual(expected);
  });

  test("contains everything that a component can have", () => {
    const manifest = withComponent(`description = "The site"
variables = { name = "{{ x }}" }
environment = { B = "2", A = "1", "10" = "x", "9" = "y" }
exclude_files = ["*.md"]
allowed_outbound_hosts = ["https://example.com"]
allowed_http_hosts = ["a.b"]
key_value_stores = ["default", "my-store", "MY_STORE"]
sqlite_databases = ["default"]
ai_models = ["llama2-chat"]
[component.web.build]
workdir = "src"
watch = ["src/**"]
command = ["make", "make install"]
`);
    expect(locked(manifest).components[0]).toEqual({
      id: "web",
      metadata: {
        ai_models: ["llama2-chat"],
        allowed_outbound_hosts: ["https://example.com", "http://a.b", "https://a.b"],
        build: { command: ["make", "make install"], watch: ["src/**"], workdir: "src" },
        databases: ["default"],
        description: "The site",
        key_value_stores: ["default", "my-store", "MY_STORE"],
      },
      source: { content_type: "application/wasm", inline: "AGFzbQ0AAQA", digest: expect.any(String) },
      env: { A: "1", B: "2", "10": "x", "9": "y" },
      config: { name: "{{ x }}" },
    });
  });

  test("publishes every component, whether or not a trigger uses it", () => {
    const manifest = withComponent('[component.alone]\nsource = "alone.wasm"');
    expect(read(manifest).components.map(({ id }) => id)).toEqual(["web", "alone"]);
  });

  test.each([
    [
      "application",
      "spin_manifest_version = 2\n[trigger]",
      '1: the manifest is missing the field "application"',
    ],
    ["trigger", v2(""), '1: the manifest is missing the field "trigger"'],
    [
      "application.name",
      "spin_manifest_version = 2\n[application]\n[trigger]",
      '2: application is missing the field "name"',
    ],
    [
      "source of a component",
      v2("[trigger]\n[component.a]\nfiles = []"),
      '5: component.a is missing the field "source"',
    ],
    [
      "command of a build",
      withComponent("build = {}"),
      '9: component.web.build is missing the field "command"',
    ],
    [
      "source of a mapping",
      withComponent('files = [{ destination = "/" }]'),
      '9: component.web.files[0] is missing the field "source"',
    ],
    [
      "destination of a mapping",
      withComponent('files = [{ source = "a" }]'),
      '9: component.web.files[0] is missing the field "destination"',
    ],
    [
      "digest of a URL",
      withComponent("", '{ url = "https://a.b" }'),
      '8: component.web.source is missing the field "digest"',
    ],
    [
      "version of a package",
      withComponent("", '{ package = "a:b" }'),
      '8: component.web.source is missing the field "version"',
    ],
  ])("must have the field %s", (_name, manifest, message) => {
    expect(refusal(manifest)).toBe(message);
  });

  test.each([
    ["the manifest", v2("[trigger]\n[future]"), "5: the manifest", "future"],
    ["application", v2("license = 'MIT'\n[trigger]"), "4: application", "license"],
    ["a variable", v2("[trigger]\n[variables]\na = { default = '', type = 'x' }"), "6: variables.a", "type"],
    ["a component", withComponent("fils = []"), "9: component.web", "fils"],
    [
      "an inline component",
      v2("[[trigger.http]]\ncomponent = { source = 'a', fils = [] }"),
      "5: trigger.http[0].component",
      "fils",
    ],
    ["a build", withComponent("build = { command = 'x', shell = 'y' }"), "9: component.web.build", "shell"],
    [
      "a mapping",
      withComponent("files = [{ source = 'a', destination = 'b', mode = 1 }]"),
      "9: component.web.files[0]",
      "mode",
    ],
    [
      "a source by URL",
      withComponent("", "{ url = 'https://a.b', digest = 'sha256:x', size = 1 }"),
      "8: component.web.source",
      "size",
    ],
    [
      "a source by package",
      withComponent("", "{ package = 'a:b', version = '1.0.0', size = 1 }"),
      "8: component.web.source",
      "size",
    ],
    [
      "a profile",
      withComponent("[component.web.profile.debug]\nfiles = []"),
      "10: component.web.profile.debug",
      "files",
    ],
    [
      "the build of a profile",
      withComponent("[component.web.profile.debug.build]\nworkdir = 'x'"),
      "10: component.web.profile.debug.build",
      "workdir",
    ],
    [
      "a dependency",
      withComponent("[component.web.dependencies]\n'a:b' = { version = '1', size = 1 }"),
      "10: component.web.dependencies.a:b",
      "size",
    ],
  ])("names a field of %s that it does not know", (_name, manifest, where, field) => {
    expect(refusal(manifest)).toContain(`${where} has an unknown field "${field}"`);
  });

  test.each([
    [
      "a table for a list of triggers",
      v2("[trigger.http]\nroute = '/'"),
      "4: trigger.http must be a list, but it is a table",
    ],
    [
      "a number for a name",
      v2("[trigger]").replace('"site"', "1"),
      "3: application.name must be a string, but it is the integer 1",
    ],
    [
      "a number for a default",
      v2("[trigger]\n[variables]\na = { default = 1.5 }"),
      "6: variables.a.default must be a string, but it is the number 1.5",
    ],
    [
      "a string for a flag",
      v2("[trigger]\n[variables]\na = { default = '', secret = 'yes' }"),
      '6: variables.a.secret must be true or false, but it is the string "yes"',
    ],
    [
      "a flag in the environment",
      withComponent("environment = { A = true }"),
      "9: component.web.environment.A must be a string, but it is true",
    ],
    [
      "a string for a list of files",
      withComponent('files = "a"'),
      '9: component.web.files must be a list, but it is the string "a"',
    ],
    [
      "a number for a file",
      withComponent("files = [1]"),
      "9: component.web.files[0] must be a string or a table",
    ],
    ["a date for a source", withComponent("", "1979-05-27"), "8: component.web.source must be a path"],
    [
      "a table that is no source",
      withComponent("", "{ path = 'x' }"),
      "8: component.web.source must have either url and digest, or package and version",
    ],
    [
      "a number for a command",
      withComponent("build = { command = 1 }"),
      "9: component.web.build.command must be a list",
    ],
    [
      "a number for a component",
      v2("[[trigger.http]]\ncomponent = 1"),
      "5: trigger.http[0].component must be a string",
    ],
  ])("refuses %s", (_name, manifest, message) => {
    expect(refusal(manifest)).toContain(message);
  });

  test("refuses a date in the settings of a trigger, which would be published in a form nobody reads", () => {
    const manifest = v2("[[trigger.timer]]\nat = 1979-05-27T07:32:00Z");
    expect(() => locked(manifest)).toThrow('line 5: dates cannot be published; write "1979-05-27T07:32:00Z"');
  });
});

describe("the names in a manifest", () => {
  const reasons = [
    ["", "it is empty"],
    ["a_b", 'its words must be joined by "-", not by "_"'],
    ["a--b", "it has an empty word"],
    ["-a", "it has an empty word"],
    ["a-1", 'its words must start with an ASCII letter, not with "1"'],
    ["a.b", 'its words may contain only ASCII letters and digits, not "."'],
    ["é", 'its words must start with an ASCII letter, not with "é"'],
    ["myApp", 'each word must be all lower-case or all upper-case, and "myApp" is not'],
  ] as const;

  test.each(reasons)("refuse %j as the id of a component", (id, reason) => {
    expect(refusal(v2(`[trigger]\n[component."${id}"]\nsource = "a"`))).toBe(
      `5: "${id}" is not a valid component id: ${reason}`,
    );
  });

  test.each(reasons)("refuse %j as a component that a trigger refers to", (id, reason) => {
    expect(refusal(v2(`[[trigger.http]]\ncomponent = "${id}"`))).toContain(
      `is "${id}", which is not a valid component id: ${reason}`,
    );
  });

  test.each(["a", "my-APP", "A1-b2", "web"])("take %s as the id of a component", (id) => {
    expect(read(v2(`[trigger]\n[component.${id}]\nsource = "a"`)).components[0]?.id).toBe(id);
  });

  test.each([
    ["site-name", 'its words must be joined by "_", not by "-"'],
    ["FOO", "it must be lower-case"],
    ["a__b", "it has an empty word"],
    ["_a", "it has an empty word"],
    ["1a", 'its words must start with an ASCII letter, not with "1"'],
  ])("refuse %s as a variable of the application or a component", (name, reason) => {
    const [application, component] = [
      refusal(v2(`[trigger]\n[variables]\n"${name}" = { default = "" }`)),
      refusal(withComponent(`variables = { "${name}" = "" }`)),
    ];
    expect(application).toBe(`6: "${name}" is not a valid variable name in variables: ${reason}`);
    expect(component).toBe(`9: "${name}" is not a valid variable name in component.web.variables: ${reason}`);
  });

  test.each([
    ["key_value_stores", "my store"],
    ["sqlite_databases", "a-b_c"],
  ])("refuse in %s the label %j", (field, label) => {
    expect(refusal(withComponent(`${field} = ["${label}"]`))).toBe(
      `9: component.web.${field}[0] must be in kebab-case or snake_case, but it is "${label}"`,
    );
  });
});

describe("the variables of an application", () => {
  const variables = (text: string) => locked(v2(`[trigger]\n[variables]\n${text}`)).variables;

  test("are published with description, default and secrecy, in that order", () => {
    expect(
      variables(
        'b = { required = true, secret = true }\na = { default = "x", secret = false, description = "" }',
      ),
    ).toEqual({
      a: { description: "", default: "x" },
      b: { secret: true },
    });
  });

  test("can say that they are not required, if they have a default", () => {
    expect(variables("a = { default = '', required = false }")).toEqual({ a: { default: "" } });
  });

  test.each(["{}", "{ required = false }", '{ default = "", required = true }', "{ secret = true }"])(
    "cannot be %s",
    (text) => {
      expect(refusal(v2(`[trigger]\n[variables]\na = ${text}`))).toContain(
        "6: variables.a must have either required = true or a default",
      );
    },
  );
});

describe("the source of a component", () => {
  const digest = `sha256:${"a".repeat(64)}`;
  test.each([
    ['"../target/web.wasm"', { kind: "local", path: "../target/web.wasm" }],
    [
      `{ url = "https://a.b/c.wasm", digest = "${digest}" }`,
      { kind: "url", url: "https://a.b/c.wasm", digest },
    ],
    [
      '{ package = "a:b", version = "1.2.3-rc.1+x" }',
      { kind: "package", name: "a:b", version: "1.2.3-rc.1+x" },
    ],
    ['{ registry = "r.io", package = "a:b", version = "1.2.3" }', { kind: "package", name: "a:b" }],
  ])("can be %s", (source, expected) => {
    expect(read(withComponent("", source)).components[0]?.source).toMatchObject(expected);
  });

  test.each([
    "https://user:SECRET@a.b/c.wasm?sig=SECRET",
    "https://SECRET@a.b/c.wasm",
    "https:user:SECRET@a.b/c.wasm",
    "//user:SECRET@a.b/c.wasm",
  ])("cannot be at an address with credentials, which are not repeated: %s", (url) => {
    const pinned = `{ url = "${url}", digest = "${digest}" }`;
    const refused = "contains credentials; remove and revoke them";
    for (const [text, place] of [
      [withComponent("", pinned), "8: component.web.source.url"],
      [withComponent(`dependencies = { "a:b" = ${pinned} }`), "9: component.web.dependencies.a:b.url"],
    ] as const) {
      const reason = refusal(text);
      expect(reason).toContain(`${place} ${refused}`);
      expect(reason).not.toContain("SECRET");
    }
  });

  test("cannot be an address without a digest, and the address is not repeated", () => {
    const reason = refusal(withComponent("", '"https://user:SECRET@a.b/c.wasm"'));
    expect(reason).toContain('8: component.web.source is a web address; write it as { url = "…"');
    expect(reason).not.toContain("SECRET");
  });

  test.each([
    "md5:abc",
    `sha512:${"a".repeat(128)}`,
    `sha256:${"A".repeat(64)}`,
    "sha256:abc",
    "a".repeat(64),
  ])("cannot be pinned by the digest %s", (wrong) => {
    expect(refusal(withComponent("", `{ url = "https://a.b", digest = "${wrong}" }`))).toContain(
      "8: the digest of component.web.source must be sha256: and 64 lower-case hexadecimal digits",
    );
  });

  test.each(["1.2", "^1.2.3", "v1.2.3", "01.2.3", "latest", ""])(
    "cannot be a package of version %j",
    (version) => {
      expect(refusal(withComponent("", `{ package = "a:b", version = "${version}" }`))).toContain(
        "8: component.web.source must name one exact version of a:b",
      );
    },
  );
});

describe("a profile", () => {
  const manifest = withComponent(`environment = { A = "1", B = "2" }
[component.web.build]
command = "make"
workdir = "src"
[component.web.profile.debug]
source = "debug.wasm"
environment = { B = "3", C = "4" }
build = { command = "make debug" }
[component.web.profile.debug.dependencies]
"a:b" = "1.0"
[component.plain]
source = "plain.wasm"
[component.plain.profile.debug.build]
command = "make plain"
`);

  test("overrides source, environment, build command and dependencies of the components that have it", () => {
    const [web, plain] = read(manifest, "debug").components;
    expect(web).toMatchObject({
      source: { path: "debug.wasm" },
      build: { command: "make debug", workdir: "src" },
    });
    expect(Object.fromEntries(web?.environment ?? [])).toEqual({ A: "1", B: "3", C: "4" });
    expect([...(web?.dependencies.keys() ?? [])]).toEqual(["a:b"]);
    expect(plain).toMatchObject({ source: { path: "plain.wasm" }, build: { command: "make plain" } });
  });

  test("is named in the metadata, whether or not a component has it", () => {
    expect(locked(manifest, "unknown").metadata).toMatchObject({ profile: "unknown" });
    expect(locked(manifest, "unknown").components[0].env).toEqual({ A: "1", B: "2" });
  });

  test("changes nothing unless it is requested", () => {
    expect(read(manifest).components[0]).toMatchObject({ source: { path: "web.wasm" } });
    expect(locked(manifest).metadata).not.toHaveProperty("profile");
  });
});
