import { describe, expect, test } from "@jest/globals";
import { digestOf } from "@spin-publisher/oci";
import { isCurrent, lockDigest, parseLock } from "../src/chart/lock.ts";
import { decodeMetadata, emptyMetadata, metadataJson } from "../src/chart/metadata.ts";
import { requireLoadable, requirePublishable } from "../src/chart/validate.ts";
import { writeGoJson } from "../src/yaml/go-json.ts";
import { readYamlText } from "../src/yaml/read.ts";

const decode = (text: string) => ({
  ...emptyMetadata,
  ...decodeMetadata(readYamlText(text, "Chart.yaml"), "Chart.yaml"),
});
const dependencies = (json: string) => decode(`dependencies: ${json}`).dependencies;

describe("Chart.yaml", () => {
  test("keys match whatever their case, numbers become text, unknown keys go", () => {
    expect(writeGoJson(metadataJson(decode("NAME: a\nVersion: 1.10\nengine: gotpl\ndeprecated: on")))).toBe(
      '{"name":"a","version":"1.1","deprecated":true}',
    );
  });

  test("its JSON has Helm's order of fields and sorted annotations", () => {
    const metadata = decode(
      "type: application\ndependencies: [{alias: x, repository: r, version: '1', name: d, import-values: [{z: 1, a: b}]}]\nkubeVersion: k\nannotations: {b: '2', a10: x, a9: 'y'}\ndeprecated: true\nappVersion: v\ntags: t\ncondition: c\napiVersion: v2\nicon: i\nmaintainers: [{url: u, email: e, name: m}]\nkeywords: [k]\ndescription: d\nversion: 1.0.0\nsources: [s]\nhome: h\nname: 'n'",
    );
    expect(writeGoJson(metadataJson(metadata))).toBe(
      '{"name":"n","home":"h","sources":["s"],"version":"1.0.0","description":"d","keywords":["k"],"maintainers":[{"name":"m","email":"e","url":"u"}],"icon":"i","apiVersion":"v2","condition":"c","tags":"t","appVersion":"v","deprecated":true,"annotations":{"a10":"x","a9":"y","b":"2"},"kubeVersion":"k","dependencies":[{"name":"d","version":"1","repository":"r","import-values":[{"a":"b","z":1}],"alias":"x"}],"type":"application"}',
    );
  });

  test("white space becomes blanks and unprintable characters are removed, but not in annotations", () => {
    const metadata = decode('description: "a\\tb\\nc\\u00a0d\\a\\u200be"\nannotations: {x: "a\\tb\\a"}');
    expect(metadata.description).toBe("a b c de");
    expect(metadata.annotations.get("x")).toBe("a\tb\x07");
  });

  test.each([
    ["keywords: a", /"keywords" of Chart.yaml must be a list, but it is a string/],
    ["name: [a]", /"name" of Chart.yaml must be a string, but it is a list/],
    ["deprecated: 'yes'", /"deprecated" of Chart.yaml must be true or false/],
    ["annotations: {a: {b: c}}", /"annotations" of Chart.yaml.a must be a string, but it is a map/],
    ['annotations: {a: "\\x7f"}', /contains a control character/],
    ["maintainers: [~]", /maintainers.*\[0\] is empty/],
    ["- a", /Chart.yaml must be a map/],
  ])("%s is refused", (text, message) => expect(() => decode(text)).toThrow(message));
});

describe("a chart that Helm would not load is refused", () => {
  test.each([
    [{ apiVersion: "v3" }, /has the apiVersion "v3"/],
    [{ name: "" }, /has no "name"/],
    [{ name: ".." }, /which is a path/],
    [{ name: "a/b" }, /which is a path/],
    [{ version: "" }, /has no "version"/],
    [{ version: "1.2.x" }, /which is not SemVer/],
    [{ type: "app" }, /must be application or library/],
    [{ dependencies: dependencies("[{name: a, alias: a.b}]") }, /gives the dependency a the alias "a.b"/],
    [{ dependencies: dependencies("[{name: a}, {name: b, alias: a}]") }, /has the dependency "a" twice/],
  ])("%j", (fields, message) => {
    const metadata = { ...emptyMetadata, apiVersion: "v2", name: "a", version: "1.0.0", ...fields };
    expect(() => requireLoadable(metadata, "Chart.yaml")).toThrow(message);
  });

  test.each([
    [{ name: "a", version: "1.2" }, /which no version range matches/],
    [{ name: "a", version: "v1.2.3" }, /which no version range matches/],
    [{ name: "a", version: "01.2.3" }, /which no version range matches/],
    [{ name: "MyChart", version: "1.2.3" }, /use "mychart"/],
    [
      { name: "my chart", version: "1.2.3" },
      /may contain lower-case letters, digits, "\.", "_" and "-" only\./,
    ],
  ])("%j cannot be published", (fields, message) =>
    expect(() => requirePublishable({ ...emptyMetadata, ...fields }, "Chart.yaml")).toThrow(message),
  );
});

describe("the digest of Chart.lock is Helm's", () => {
  const bitnami = '[{name: common, version: 2.6.0, repository: "https://charts.bitnami.com/bitnami"}]';
  test.each([
    ["Helmet 0.8", bitnami, bitnami, "b729437099044744a7ed5decf9e458569558e9a7a1f084bba521fd0edc084fd4"],
    [
      "bart on Helmet 0.6.1",
      '[{name: helmet, version: 0.6.1, repository: "https://companyinfo.github.io/helm-charts", import-values: [defaults]}]',
      '[{name: helmet, version: 0.6.1, repository: "https://companyinfo.github.io/helm-charts"}]',
      "9b632f2af78fd0d80769968307dae2b1bd39c6efe0b64ce797bb74b8ec2f6b5d",
    ],
    [
      "a range",
      '[{name: helmet, version: ^0, repository: "https://charts.companyinfo.dev", import-values: [defaults]}]',
      '[{name: helmet, version: 0.11.0, repository: "https://charts.companyinfo.dev"}]',
      "f27ed66e08c40451ab3214ae3137813e536582a29533daba9ea45966f0a84f0d",
    ],
    [
      "ranges with < and >, an alias, maps to import",
      `[{name: child, version: ">=0.1.0 <1.0.0", repository: "file://../child", condition: "child.enabled,global.child.enabled",
         tags: [front, "a&b"], import-values: [data, {child: default.data, parent: myimports}]},
        {name: child, version: ~0.3, repository: "file://../child", alias: second},
        {name: child2, version: ">=1.0.0-0", repository: "file://../child2"}]`,
      `[{name: child, version: 0.3.1, repository: "file://../child"}, {name: child, version: 0.3.1, repository: "file://../child"},
        {name: child2, version: 1.0.0-rc.1, repository: "file://../child2"}]`,
      "64911a8830825bf660ce0f5e613878d0fa804aef849d3d22292189562efe91ae",
    ],
  ])("%s", (_what, asked, chosen, digest) => {
    expect(lockDigest(dependencies(asked), dependencies(chosen))).toBe(`sha256:${digest}`);
  });

  test("a trailing slash makes another digest", () => {
    const slashed = bitnami.replace('bitnami"', 'bitnami/"');
    expect(lockDigest(dependencies(slashed), dependencies(bitnami))).not.toBe(
      lockDigest(dependencies(bitnami), dependencies(bitnami)),
    );
  });

  test("a lock of Helm 2, over what was asked for alone, is current in a chart of apiVersion v1", () => {
    const asked = dependencies(bitnami);
    const digest = digestOf(
      `{"dependencies":[{"name":"common","version":"2.6.0","repository":"https://charts.bitnami.com/bitnami"}]}`,
    );
    const lock = { generated: "", digest, dependencies: asked };
    expect(isCurrent(lock, { ...emptyMetadata, apiVersion: "v1", dependencies: asked })).toBe(true);
    expect(isCurrent(lock, { ...emptyMetadata, apiVersion: "v2", dependencies: asked })).toBe(false);
  });
});

describe("Chart.lock", () => {
  const generated = (time: string) => parseLock(Buffer.from(`generated: ${time}`), "Chart.lock")?.generated;

  test.each([
    ["2023-02-27T09:29:28.420100-05:00", "2023-02-27T09:29:28.4201-05:00"],
    ["2023-02-27T09:29:28.000+00:00", "2023-02-27T09:29:28Z"],
    ["", "0001-01-01T00:00:00Z"],
  ])("its time %s is written as %s", (time, written) => expect(generated(time)).toBe(written));

  test("a malformed time is refused", () => {
    expect(() => generated("yesterday")).toThrow(/"generated" of Chart.lock is "yesterday"/);
  });

  test("it is stale once Chart.yaml asks for something else", () => {
    const asked = dependencies("[{name: a, version: 1.0.0, repository: 'https://example.com'}]");
    const metadata = { ...emptyMetadata, apiVersion: "v2", dependencies: asked };
    const lock = { generated: "", dependencies: asked, digest: lockDigest(asked, asked) };
    expect(isCurrent(lock, metadata)).toBe(true);
    const changed = dependencies("[{name: a, version: ^1.0.0, repository: 'https://example.com'}]");
    expect(isCurrent(lock, { ...metadata, dependencies: changed })).toBe(false);
  });
});
