import { describe, expect, test } from "@jest/globals";
import { serialiseLockedApp } from "@spin-publisher/spin-artifact";
import { parseTemplate } from "../src/manifest/templates.ts";
import { warningsAbout } from "../src/manifest/warnings.ts";
import { lock, locked, read, refusal, withComponent } from "./reading.ts";

const v2 = (more: string) => `spin_manifest_version = 2\n[application]\nname = "x"\n${more}`;
const triggers = (more: string) => read(v2(more)).triggers.map(({ id }) => id);

describe("the ids of triggers", () => {
  const on = (component: string, id = "") =>
    `[[trigger.http]]\nroute = "/"\n${id === "" ? "" : `id = "${id}"\n`}component = "${component}"\n`;
  const components = ["web", "api", "a", "b"].map((id) => `[component.${id}]\nsource = "x.wasm"\n`).join("");

  test("are named after the component, or numbered where that name is taken", () => {
    expect(triggers(on("web").repeat(3) + components)).toEqual([
      "web-http-trigger",
      "http-trigger1",
      "http-trigger2",
    ]);
  });

  test("in the manifest stay, and count as taken from the start", () => {
    expect(triggers(`${on("web")}${on("api", "web-http-trigger")}${components}`)).toEqual([
      "http-trigger1",
      "web-http-trigger",
    ]);
    expect(triggers(`${on("web")}${on("web")}${on("api", "http-trigger1")}${components}`)).toEqual([
      "web-http-trigger",
      "http-trigger2",
      "http-trigger1",
    ]);
  });

  test("may be given twice", () => {
    expect(triggers(`${on("a", "x")}${on("b", "x")}${components}`)).toEqual(["x", "x"]);
  });

  test("are numbered within their type", () => {
    expect(triggers("[[trigger.a]]\n[[trigger.b]]\n[[trigger.a]]")).toEqual([
      "a-trigger1",
      "a-trigger2",
      "b-trigger1",
    ]);
  });

  test("count as taken across types", () => {
    expect(triggers('[[trigger.b]]\nid = "a-trigger1"\n[[trigger.a]]')).toEqual(["a-trigger1", "a-trigger2"]);
  });
});

describe("a component that is defined in a trigger", () => {
  const inline = '{ source = "a.wasm" }';

  test("is named after the trigger", () => {
    const app = locked(v2(`[[trigger.http]]\nroute = "/"\ncomponent = ${inline}`));
    expect(app.triggers[0]).toMatchObject({
      id: "http-trigger1",
      trigger_config: { component: "http-trigger1-component" },
    });
    expect(app.components[0].id).toBe("http-trigger1-component");
  });

  test.each([
    [
      "the trigger's id is no identifier",
      `[[trigger.http]]\nroute = "/"\nid = "My Trigger"\ncomponent = ${inline}`,
      ["inline-component1"],
    ],
    [
      "that name is taken",
      `[[trigger.http]]\nroute = "/"\ncomponent = ${inline}\n[component.http-trigger1-component]\nsource = "b"`,
      ["http-trigger1-component", "inline-component1"],
    ],
    [
      "the trigger has several",
      `[[trigger.http]]\nroute = "/"\ncomponent = ${inline}\ncomponents = { a = ${inline}, b = [${inline}, "http-trigger9"] }\n[component.http-trigger9]\nsource = "x"`,
      ["http-trigger9", "inline-component1", "inline-component2", "inline-component3"],
    ],
    [
      "other triggers have some, too",
      `[[trigger.http]]\nroute = "/"\nid = "1"\ncomponent = ${inline}\n[[trigger.http]]\nroute = "/"\nid = "2"\ncomponent = ${inline}`,
      ["inline-component1", "inline-component2"],
    ],
  ])("gets a number where %s", (_name, manifest, expected) => {
    expect(read(v2(manifest)).components.map(({ id }) => id)).toEqual(expected);
  });
});

describe("further components of a trigger", () => {
  const components = ["web", "a", "b", "c"].map((id) => `\n[component.${id}]\nsource = "x.wasm"`).join("");

  test("are published by name, each as a list of ids", () => {
    const manifest = v2(
      `[[trigger.http]]\nroute = "/"\ncomponent = "web"\ncomponents = { z = "a", b = ["b", "c"] }${components}`,
    );
    expect(locked(manifest).triggers[0].trigger_config).toEqual({
      component: "web",
      components: { b: ["b", "c"], z: ["a"] },
      route: "/",
    });
  });

  test("do not count as the component of the trigger", () => {
    const manifest = v2(`[[trigger.http]]\nroute = "/"\ncomponents = { a = "b" }${components}`);
    expect(locked(manifest).triggers).toEqual([
      { id: "http-trigger1", trigger_type: "http", trigger_config: { components: { a: ["b"] }, route: "/" } },
    ]);
  });
});

describe("the bytes of a locked application", () => {
  test("keep the spelling of numbers, sort keys by their bytes and escape as JSON.stringify does", () => {
    const manifest = v2(`[[trigger.timer]]
"\u{1F600}" = "astral"
"\uFF5E" = "fullwidth"
float = [1.0, -0.0, 1e3, 1e15, 1e16, 1.25e300, 1e-5, 1e-6, 12345.678, 0.1, inf, nan]
integer = [1, -9223372036854775808, 0x10]
text = "\\u0000\\u007f\\u2028/\\"\\\\\\t é"
nested = { b = { "9" = 1, "10" = 2 }, a = [] }
`);
    const text = serialiseLockedApp(lock(manifest));
    const config = text.slice(text.indexOf('"trigger_config":') + 17, text.indexOf('}],"components"'));
    expect(config).toBe(
      String.raw`{"float":[1.0,-0.0,1000.0,1000000000000000.0,1e16,1.25e300,0.00001,1e-6,12345.678,0.1,null,null],"integer":[1,-9223372036854775808,16],"nested":{"a":[],"b":{"10":2,"9":1}},"text":"\u0000` +
        "\u007f\u2028" +
        String.raw`/\"\\\t é","～":"fullwidth","😀":"astral"}`,
    );
  });
});

describe("templates", () => {
  const variable = (name: string) => ({ kind: "variable", name });
  const literal = (text: string) => ({ kind: "literal", text });
  test.each([
    ["", []],
    ["plain", [literal("plain")]],
    ["{{ a }}", [variable("a")]],
    ["x{{a}}y{{  b }}", [literal("x"), variable("a"), literal("y"), variable("b")]],
    ["}} {", [literal("}} {")]],
    ["{{{a}}}", [variable("{a"), literal("}")]],
    ["{{a", undefined],
    ["{{a}} {{", undefined],
  ])("%j consists of %j", (text, parts) => {
    expect(parseTemplate(text)).toEqual(parts);
  });
});

describe("a trigger", () => {
  test.each([
    ['component = "helo"', "6: ", '"helo-http-trigger" names the component "helo"'],
    ['components = { a = ["hello", "gone"] }', "4: ", '"http-trigger1" names the component "gone"'],
  ])("must name components that exist: %s", (line, at, text) => {
    const manifest = v2(`[[trigger.http]]\nroute = "/"\n${line}\n[component.hello]\nsource = "x.wasm"`);
    expect(refusal(manifest)).toBe(
      `${at}the trigger ${text}, which does not exist; the components are "hello"`,
    );
  });

  test("must name components that exist: there are none", () => {
    expect(refusal(v2('[[trigger.http]]\nroute = "/"\ncomponent = "gone"'))).toContain(
      "; there are no components",
    );
  });

  test.each([
    ["http", 'rout = "/"', 'trigger.http[0] has an unknown field "rout"; the known fields are'],
    [
      "http",
      'route = "/"\nexecutor = { type = "wagi", agv = "" }',
      'trigger.http[0].executor has an unknown field "agv"',
    ],
    ["http", 'route = "/"\nexecutor = {}', 'trigger.http[0].executor is missing the field "type"'],
    ["redis", 'chanel = "a"', 'trigger.redis[0] has an unknown field "chanel"'],
    ["http", 'component = { source = "x" }', 'trigger.http[0] is missing the field "route"'],
    ["http", 'route = "/"', "trigger.http[0] needs a component, or a static_response"],
    [
      "http",
      'route = "/"\ncomponent = { source = "x" }\nstatic_response = {}',
      "trigger.http[0] has both component and static_response; keep one",
    ],
    ["redis", 'address = "redis://a"', 'trigger.redis[0] is missing the field "channel"'],
  ])("that is part of Spin must be one that Spin starts: %s, %s", (type, line, reason) => {
    expect(refusal(v2(`[[trigger.${type}]]\n${line}`))).toContain(`: ${reason}`);
  });

  test("of a plugin can have any field", () => {
    expect(read(v2('[[trigger.mqtt]]\nrout = "/"')).triggers).toHaveLength(1);
  });
});

describe("what a manifest should not say", () => {
  test.each([
    [
      "the deprecated hosts",
      withComponent('allowed_http_hosts = ["a.b"]'),
      '9: allowed_http_hosts of component "web" is deprecated; write allowed_outbound_hosts = ["http://a.b", "https://a.b"]',
    ],
  ])("is warned about: %s", (_name, manifest, warning) => {
    expect(warningsAbout(read(manifest)).map(({ line, text }) => `${line}: ${text}`)).toEqual([warning]);
  });

  test("is warned about: a profile that no component has", () => {
    const manifest = withComponent("[component.web.profile.debug]\nenvironment = {}");
    expect(warningsAbout(read(manifest, "debug"))).toEqual([]);
    expect(warningsAbout(read(manifest, "release"))).toEqual([
      { line: 1, text: 'no component has the profile "release"' },
    ]);
  });

  test("is not found in an ordinary manifest", () => {
    expect(warningsAbout(read(withComponent("")))).toEqual([]);
  });
});
