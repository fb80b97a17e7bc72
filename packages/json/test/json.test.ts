import { describe, expect, test } from "@jest/globals";
import { isObject, objectsOf, parseObject, sortedByKey, stringsOf } from "../src/index.ts";

const bytes = (text: string) => Buffer.from(text);

describe("isObject", () => {
  test.each([
    [{}, true],
    [{ a: 1 }, true],
    [null, false],
    [[], false],
    ["text", false],
    [undefined, false],
  ])("%j → %s", (value, expected) => expect(isObject(value)).toBe(expected));
});

describe("parseObject", () => {
  test("returns the object", () => expect(parseObject(bytes('{"a":1}'), "The index")).toEqual({ a: 1 }));
  test("names a document that is not JSON", () =>
    expect(() => parseObject(bytes("{"), "The index")).toThrow("The index is not JSON."));
  test("names a document that is not UTF-8", () =>
    expect(() => parseObject(Buffer.from([0x22, 0xff, 0x22]), "The index")).toThrow(
      "The index is not JSON.",
    ));
  test.each(["[]", "null", "1"])("refuses %s", (text) =>
    expect(() => parseObject(bytes(text), "The index")).toThrow("The index is not a JSON object."),
  );
});

test("arrays are read only if all items have the type", () => {
  expect(objectsOf([{}, { a: 1 }])).toEqual([{}, { a: 1 }]);
  expect(objectsOf([{}, null])).toBeUndefined();
  expect(stringsOf(["a"])).toEqual(["a"]);
  expect(stringsOf(["a", 1])).toBeUndefined();
});

test("equal objects have equal bytes", () => {
  expect(JSON.stringify(sortedByKey({ b: 1, a: 2 }))).toBe('{"a":2,"b":1}');
});
