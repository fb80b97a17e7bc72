import { describe, expect, test } from "@jest/globals";
import {
  isWasmLayer,
  lockedAppLayer,
  parseLockedApp,
  parseWholeLockedApp,
  serialiseLockedApp,
  spinMediaTypes,
} from "../src/index.ts";

const digest = "sha256:24eaf3439a60c96764c4f2c92a0a81b52bd4fe5d5b91f090184a0f6486b1bf29";
const bytes = (value: unknown) => Buffer.from(typeof value === "string" ? value : JSON.stringify(value));
const withComponent = (component: object) => ({
  spin_lock_version: 0,
  triggers: [{ id: "t", trigger_type: "http", trigger_config: {} }],
  components: [{ id: "web", source: { content_type: "application/wasm", digest }, ...component }],
});

describe("reading a locked application", () => {
  test("and writing it again changes no byte, whatever numbers and keys are in it", () => {
    const text =
      '{"spin_lock_version":1,"must_understand":["component_host_requirements"],"metadata":{"a":"x","n":[1.0,1e16,9223372036854775807,-0.0,null,true]},"variables":{"a":{"description":"","default":"x","secret":true}},"triggers":[{"id":"t","trigger_type":"http","trigger_config":{"10":1,"9":{"__proto__":2}}}],"components":[{"id":"web","source":{"content_type":"application/wasm","inline":"AGFzbQ0AAQA","digest":"sha256:24eaf3439a60c96764c4f2c92a0a81b52bd4fe5d5b91f090184a0f6486b1bf29"},"env":{"A":"1"},"files":[{"inline":"","digest":"sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855","path":"é"}],"host_requirements":{"local_service_chaining":"required"}}]}';
    expect(serialiseLockedApp(parseWholeLockedApp(bytes(text)))).toBe(text);
    expect(serialiseLockedApp(parseLockedApp(bytes(text)))).toBe(text);
  });

  test("passes over fields that are not known, unless nothing may be lost", () => {
    const newer = bytes(withComponent({ colour: "red" }));
    expect(parseLockedApp(newer).components[0]?.id).toBe("web");
    expect(() => parseWholeLockedApp(newer)).toThrow('a component has a field "colour" that is not known');
  });

  test("refuses another layout where nothing may be lost", () => {
    const spaced = JSON.stringify(withComponent({}), undefined, 1);
    expect(parseLockedApp(bytes(spaced)).components).toHaveLength(1);
    expect(() => parseWholeLockedApp(bytes(spaced))).toThrow("it is not laid out in the way");
  });

  test("says which dependencies are not composed in", () => {
    const uncomposed = bytes(withComponent({ dependencies: { "a:b/c": { source: {}, export: null } } }));
    expect(parseLockedApp(uncomposed).components[0]?.uncomposed).toEqual(["a:b/c"]);
    expect(parseLockedApp(bytes(withComponent({}))).components[0]).not.toHaveProperty("uncomposed");
    expect(() => parseWholeLockedApp(uncomposed)).toThrow('a field "dependencies"');
  });

  test("decodes what is inline, padded or not", () => {
    const files = ["aGk", "aGk=", ""].map((inline) => ({ inline, digest, path: "a" }));
    const [web] = parseLockedApp(bytes(withComponent({ files }))).components;
    expect(web?.files.map(({ inline }) => Buffer.from(inline ?? "none").toString())).toEqual([
      "hi",
      "hi",
      "",
    ]);
  });

  test.each([
    [Uint8Array.of(0xff), "it is not UTF-8"],
    ["{", "it is not JSON"],
    ["[]", "the locked application is not an object"],
    [{ components: {} }, "components is not a list"],
    [{ components: [{ id: 1, source: { digest } }] }, "id is not a string"],
    [{ components: [{ id: "web" }] }, "digest is not a string"],
    [withComponent({ source: { digest: "sha256:no" } }), '"sha256:no" is not a digest'],
    [withComponent({ files: [{ digest }] }), "path is not a string"],
    [withComponent({ env: { A: 1 } }), "env is not a string"],
    [{ triggers: [{ id: "t" }] }, "trigger_type is not a string"],
  ])("refuses %j: %s", (value, reason) => {
    const input = value instanceof Uint8Array ? value : bytes(value);
    expect(() => parseLockedApp(input)).toThrow(reason);
  });
});

describe("the layers of an application", () => {
  const layer = (mediaType: string, name: string) => ({ mediaType, name });

  test("hold its locked application last", () => {
    const { lockedApp, data } = spinMediaTypes;
    const layers = [layer(lockedApp, "first"), layer(lockedApp, "last"), layer(data, "file")];
    expect(lockedAppLayer(layers)?.name).toBe("last");
    expect(lockedAppLayer([])).toBeUndefined();
  });

  test("are Wasm under either of two names", () => {
    const found = Object.values(spinMediaTypes).filter((mediaType) => isWasmLayer({ mediaType }));
    expect(found).toEqual(["application/vnd.wasm.content.layer.v1+wasm", "application/wasm"]);
  });
});
