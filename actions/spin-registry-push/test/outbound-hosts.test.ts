import { describe, expect, test } from "@jest/globals";
import { locked, read, refusal, withComponent } from "./reading.ts";

const allowing = (hosts: readonly string[], variables = "") =>
  withComponent(`allowed_outbound_hosts = ${JSON.stringify(hosts)}\n${variables}`);

describe("allowed_outbound_hosts", () => {
  test.each([
    "http://example.com",
    "https://example.com/",
    "https://example.com:8443",
    "https://example.com:8443/",
    "http://example.com:*",
    "http://example.com:8000..9000",
    "*://*:*",
    "*://example.com:443",
    "http://self",
    "http://self.alt",
    "redis://localhost",
    "mysql://db.internal",
    "postgres://db.internal:5432",
    "mqtt://broker",
    "custom://host:1",
    "http://*.example.com",
    "http://127.0.0.1:3000",
    "http://[::1]:3000",
    "http://10.0.0.0/8:80",
    "http://10.0.0.0/8",
    "*://fd00::/8:443",
    "  https://example.com  ",
    "http://bücher.example",
    "http://api.spin.internal",
    "http://*.spin.internal",
    "https://{{ host }}:{{ port }}",
    "https://{{ unknown }}/nonsense",
    "https://{{host}}.example.com",
  ])("takes %s, and publishes it as it is written", (host) => {
    const manifest = allowing(
      [host],
      '[variables]\nhost = { default = "example.com" }\nport = { default = "8443" }',
    );
    expect(read(manifest).components[0]?.allowedOutboundHosts).toEqual([host]);
  });

  test.each([
    ["example.com", "there is no scheme"],
    ["example.com:443", "there is no scheme"],
    ["*", "there is no scheme"],
    ["", "there is no scheme"],
    ["://example.com:80", 'the scheme "" must consist of letters'],
    ["http2://example.com:80", 'the scheme "http2" must consist of letters'],
    ["{http,https}://example.com:80", 'the scheme "{http,https}" must consist of letters'],
    ["custom://example.com", 'the scheme "custom" has no default port'],
    ["*://example.com", 'the scheme "*" has no default port'],
    ["http://example.com:http", '"http" is neither a port, a range such as 8000..9000, nor *'],
    ["http://example.com:65536", '"65536" is neither a port'],
    ["http://example.com:[80,81]", '"[80,81]" is neither a port'],
    ["http://example.com:80..", '"80.." is neither a port'],
    ["http://example.com:1..2..3", '"1..2..3" is not a port'],
    ["http://example.com:80/path", "there is a path"],
    ["http://example.com/path", "there is a path"],
    ["http://example.com//", "there is a path"],
    ["http://", '"" is not a host'],
    ["http://:80", '"" is not a host'],
    ["http://a b", '"a b" is not a host'],
    ["http://user@example.com", '"user@example.com" is not a host'],
    ["http://a?b", '"a?b" is not a host'],
    ["http://a*b.example.com", "a wildcard is allowed only as the first label of a domain"],
    ["http://*example.com", "a wildcard is allowed only as the first label of a domain"],
    ["http://*.*.example.com", "a wildcard is allowed only as the first label of a domain"],
    ["http://*.10.0.0.1", '"10.0.0.1" is not a domain'],
    ["http://*.a..b", '"a..b" is not a domain'],
    ["http://*.", '"*." is not a host'],
    ["http://[::1]", "an IPv6 address needs a port after it"],
    ["http://[::1", "an IPv6 address needs a port after it"],
    ["http://10.0.0.0/33", "there is a path"],
    ["http://10.0.0.0/8/", "there is a path"],
    ["http://xn--a", '"xn--a" is not a host'],
    ["http://10.0.0.256/8", "there is a path"],
    ["https://{{ host", 'a "{{" in it is not closed'],
  ])("refuses %j", (host, reason) => {
    expect(refusal(allowing([host]))).toContain(`in "${host}" ${reason}`);
    expect(refusal(allowing([host]))).toMatch(/^9: allowed_outbound_hosts takes scheme:\/\/host\[:port\]/);
  });

  test("refuses an entry that its variables' defaults make wrong, showing what they make of it", () => {
    const manifest = allowing(["https://{{ host }}"], '[variables]\nhost = { default = "a/b" }');
    expect(refusal(manifest)).toContain(
      'in "https://{{ host }}" (with defaults "https://a/b") there is a path',
    );
  });

  test.each(["", "http://", "https://"])(
    "refuses an entry that becomes %j, as released versions of Spin do",
    (value) => {
      expect(refusal(allowing(["{{ host }}"], `[variables]\nhost = { default = "${value}" }`))).toContain(
        'in "{{ host }}"',
      );
    },
  );

  test("refuses the old way to allow everything", () => {
    expect(refusal(allowing(["insecure:allow-all"]))).toBe(
      '9: allowed_outbound_hosts no longer accepts "insecure:allow-all"; use "*://*:*"',
    );
  });

  test("is checked in components that are defined in a trigger, too", () => {
    const manifest = `spin_manifest_version = 2\n[application]\nname = "x"\n[[trigger.http]]\nroute = "/"\ncomponent = { source = "a", allowed_outbound_hosts = ["x"] }`;
    expect(refusal(manifest)).toContain("6: allowed_outbound_hosts");
  });

  test("accepts what allowed_http_hosts is converted to", () => {
    const manifest = withComponent('allowed_http_hosts = ["a.b:8080", "self"]');
    expect(read(manifest).components[0]?.allowedOutboundHosts).toEqual([
      "http://a.b:8080",
      "https://a.b:8080",
      "http://self",
    ]);
  });
});

describe("a component that calls others of its application", () => {
  const required = {
    spin_lock_version: 1,
    must_understand: ["component_host_requirements"],
    components: [{ host_requirements: { local_service_chaining: "required" } }],
  };

  test.each([
    "http://api.spin.internal",
    "http://*.spin.internal",
    "https://API.spin.internal:80",
    "http://a.b.spin.internal",
  ])("requires service chaining of its host for %s", (host) => {
    expect(locked(allowing([host]))).toMatchObject(required);
  });

  test.each([
    "http://spin.internal",
    "http://*.api.spin.internal",
    "http://api.spin.internal.example.com",
    "http://{{ x }}.spin.internal",
    "http://{{x}}.spin.internal",
    "*://*:*",
  ])("requires nothing for %s", (host) => {
    const app = locked(allowing([host]));
    expect(app.spin_lock_version).toBe(0);
    expect(app).not.toHaveProperty("must_understand");
    expect(app.components[0]).not.toHaveProperty("host_requirements");
  });
});
