import { describe, expect, test } from "@jest/globals";
import { locked, read, refusal } from "./reading.ts";

const v1 = (more = "", component = "") => `spin_manifest_version = "1"
name = "site"
trigger = { type = "http", base = "/" }
${more}
[[component]]
id = "web"
source = "web.wasm"
${component}
[component.trigger]
route = "/..."
`;

const hosts = (component: string) => read(v1("", component)).components[0]?.allowedOutboundHosts;

describe("a manifest of version 1", () => {
  test("has the settings of its trigger in both places of the metadata", () => {
    expect(locked(v1()).metadata).toEqual({
      name: "site",
      trigger: { base: "/", type: "http" },
      triggers: { http: { base: "/" } },
    });
  });

  test("names the trigger of each component after it, and takes its settings as they are", () => {
    const manifest = v1().replace('route = "/..."', 'route = "/..."\ncomponent = "other"');
    expect(locked(manifest).triggers).toEqual([
      {
        id: "trigger-web",
        trigger_type: "http",
        trigger_config: { component: "web", route: "/..." },
      },
    ]);
  });

  test("refuses settings that the trigger does not know", () => {
    const manifest = v1().replace('route = "/..."', 'rout = "/..."');
    expect(refusal(manifest)).toContain('10: component[0].trigger has an unknown field "rout"');
  });

  test("calls variables of a component its config", () => {
    expect(
      locked(v1("[variables]\na = { default = 'x' }", 'config = { site = "{{ a }}" }')).components[0].config,
    ).toEqual({
      site: "{{ a }}",
    });
  });

  test.each([
    ["My_Comp", "my-comp"],
    ["web_one", "web-one"],
    ["WEB", "WEB"],
    ["my-APP", "my-APP"],
    ["Web", "web"],
  ])("turns the component id %s into %s", (id, kebab) => {
    const [trigger] = locked(v1().replace('"web"', `"${id}"`)).triggers;
    expect(trigger).toMatchObject({ id: `trigger-${kebab}`, trigger_config: { component: kebab } });
  });

  test.each(["1web", "web!", "", "a--b", "café"])("refuses the component id %j", (id) => {
    expect(refusal(v1().replace('"web"', `"${id}"`))).toMatch(/^6: "[^"]*" is not a valid component id: /);
  });

  test("uses the last of two components with one id, in the place of the first", () => {
    const twice = `${v1()}[[component]]\nid = "api"\nsource = "api.wasm"\ntrigger = { route = "/a" }\n[[component]]\nid = "web"\nsource = "new.wasm"\ntrigger = { route = "/b" }\n`;
    const { components, triggers } = read(twice);
    expect(components.map(({ id, source }) => [id, source.kind === "local" && source.path])).toEqual([
      ["web", "new.wasm"],
      ["api", "api.wasm"],
    ]);
    expect(triggers.map(({ id }) => id)).toEqual(["trigger-web", "trigger-api", "trigger-web"]);
  });

  test("can have no components", () => {
    expect(locked('spin_version = "1"\nname = "x"\ntrigger = { type = "http" }')).toEqual({
      spin_lock_version: 0,
      metadata: { name: "x", triggers: { http: {} } },
      triggers: [],
      components: [],
    });
  });

  test("does not check the labels of stores and databases", () => {
    expect(
      locked(v1("", 'key_value_stores = ["My Store"]\nsqlite_databases = ["1"]')).components[0].metadata,
    ).toMatchObject({
      databases: ["1"],
      key_value_stores: ["My Store"],
    });
  });

  const databases = ["redis://*:*", "mysql://*:*", "postgres://*:*"];
  test.each([
    ["nothing", "", databases],
    ["an empty list of hosts", "allowed_outbound_hosts = []", []],
    ["hosts", 'allowed_outbound_hosts = ["http://a.b"]', ["http://a.b"]],
    [
      "both lists",
      'allowed_outbound_hosts = ["http://a.b"]\nallowed_http_hosts = ["c.d"]',
      ["http://a.b", "http://c.d", "https://c.d"],
    ],
    [
      "a host with a port",
      'allowed_http_hosts = ["example.com:8443"]',
      [...databases, "http://example.com:8443", "https://example.com:8443"],
    ],
    [
      "a host in capitals",
      'allowed_http_hosts = ["EXAMPLE.com"]',
      [...databases, "http://example.com", "https://example.com"],
    ],
    [
      "a host beyond ASCII",
      'allowed_http_hosts = ["bücher.example"]',
      [...databases, "http://xn--bcher-kva.example", "https://xn--bcher-kva.example"],
    ],
    ["the port of http", 'allowed_http_hosts = ["a.b:80"]', [...databases, "http://a.b", "https://a.b"]],
    [
      "an address with https and its port",
      'allowed_http_hosts = ["https://a.b:443/"]',
      [...databases, "http://a.b", "https://a.b"],
    ],
    [
      "an address with https and another port",
      'allowed_http_hosts = ["https://a.b:80"]',
      [...databases, "http://a.b:80", "https://a.b:80"],
    ],
    [
      "itself",
      'allowed_http_hosts = ["self", "https://self:8080"]',
      [...databases, "http://self", "http://self"],
    ],
    [
      "everything, with entries that no longer matter",
      'allowed_http_hosts = ["insecure:allow-all", "not a host/"]',
      [...databases, "http://*:*", "https://*:*", "http://self"],
    ],
  ])("allows, given %s, the outbound hosts of version 2", (_name, component, expected) => {
    expect(hosts(component)).toEqual(expected);
  });

  test.each([
    ["a path", "a.b/c", "has a path"],
    ["an address with a path", "https://a.b/c", "has a path"],
    ["another scheme", "ftp://a.b", "is not an HTTP address"],
    ["no host", "http://", "is not one"],
    ["a text that is none", "a b", "is not one"],
    ["a domain name that does not decode", "xn--a", "is not one"],
    ["a port that is none", "a.b:port", "is not one"],
  ])("refuses in allowed_http_hosts %s", (_name, host, reason) => {
    expect(refusal(v1("", `allowed_http_hosts = ["ok.example", "${host}"]`))).toBe(
      `8: allowed_http_hosts takes hosts with an optional port, such as example.com:8080, but "${host}" ${reason}`,
    );
  });

  test("names every host that it refuses", () => {
    expect(refusal(v1("", 'allowed_http_hosts = ["a/b", "c.d", "e/f"]'))).toContain(
      '"a/b" has a path, and "e/f" has a path',
    );
  });

  test.each([
    ["a trigger", v1().replace(/trigger = .*\n/, ""), '1: the manifest is missing the field "trigger"'],
    [
      "the type of its trigger",
      v1().replace('type = "http", ', ""),
      '3: trigger is missing the field "type"',
    ],
    ["a name", v1().replace('name = "site"', ""), '1: the manifest is missing the field "name"'],
    [
      "the trigger of a component",
      v1().replace('[component.trigger]\nroute = "/..."', ""),
      '5: component[0] is missing the field "trigger"',
    ],
    ["the id of a component", v1().replace('id = "web"', ""), '5: component[0] is missing the field "id"'],
    [
      "the source of a component",
      v1().replace('source = "web.wasm"', ""),
      '5: component[0] is missing the field "source"',
    ],
  ])("must have %s", (_name, manifest, message) => {
    expect(refusal(manifest)).toContain(message);
  });

  test.each([
    "targets",
    "tool",
    "profile",
    "dependencies",
    "variables",
    "dependencies_inherit_configuration",
  ])("knows no field %s in its components", (field) => {
    expect(refusal(v1("", `${field} = {}`))).toContain(`8: component[0] has an unknown field "${field}"`);
  });

  test.each(["application", "targets", "namespace"])("does not know the field %s", (field) => {
    expect(refusal(v1(`${field} = "x"`))).toContain(`4: the manifest has an unknown field "${field}"`);
  });

  test.each(["Upper", "with-hyphen", "1st"])("refuses %s as the name of a variable", (name) => {
    expect(
      refusal(v1(`[variables]\n${name.startsWith("1") ? `"${name}"` : name} = { default = "" }`)),
    ).toContain(`5: "${name}" is not a valid variable name`);
    expect(refusal(v1("", `config = { "${name}" = "" }`))).toContain(
      `8: "${name}" is not a valid variable name`,
    );
  });
});
