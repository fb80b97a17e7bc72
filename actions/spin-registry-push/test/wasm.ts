/** The shortest binary that is a component, and the shortest that is a core module. */
export const component = Buffer.from("0061736d0d000100", "hex");
export const coreModule = Buffer.from("0061736d01000000", "hex");

/** A core module with a memory; what it imports and exports are functions without parameters. */
export function moduleOf({
  imports = [],
  exports = [],
  custom = [],
}: {
  /** `module.name`, or `module.name:memory`. */
  readonly imports?: readonly string[];
  readonly exports?: readonly string[];
  readonly custom?: readonly Buffer[];
}): Buffer {
  const imported = imports.map((one) => {
    const [, module = "", name = "", kind] = /^(.*)\.([^.:]*?)(:memory)?$/.exec(one) ?? [];
    return Buffer.concat([text(module), text(name), Buffer.from(kind === undefined ? [0, 0] : [2, 0, 1])]);
  });
  const memories = imports.filter((one) => one.endsWith(":memory")).length;
  const functions = imports.length - memories;
  const exported = exports.map((name) => Buffer.concat([text(name), Buffer.from([0, functions])]));
  return Buffer.concat([
    coreModule,
    section(1, vector([Buffer.from([0x60, 0, 0])])),
    section(2, vector(imported)),
    section(3, vector([Buffer.from([0])])),
    section(5, vector([Buffer.from([0, 1])])),
    section(7, vector([Buffer.concat([text("memory"), Buffer.from([2, memories])]), ...exported])),
    section(10, vector([Buffer.from([2, 0, 0x0b])])),
    ...custom,
  ]);
}

/** The custom section in which tools leave their versions. */
export function processedBy(tools: Readonly<Record<string, string>>): Buffer {
  const versions = Object.entries(tools).map(([tool, version]) => Buffer.concat([text(tool), text(version)]));
  return customSection("producers", vector([Buffer.concat([text("processed-by"), vector(versions)])]));
}

/** The custom section that wit-bindgen leaves, as far as anything is read of it. */
export function bindingsBy(
  tools: Readonly<Record<string, string>>,
  interfaces: readonly string[] = [],
  format = 4,
): Buffer {
  const binary = Buffer.concat([
    component,
    ...(format === 3 ? [] : [customSection("wit-component-encoding", Buffer.from([format, 0]))]),
    // Where the interfaces are named does not matter here.
    customSection("interfaces", Buffer.concat(interfaces.map(text))),
    processedBy(tools),
  ]);
  const body = format === 3 ? Buffer.concat([Buffer.from([3, 0]), text("site"), binary]) : binary;
  return customSection("component-type:site", body);
}

export function customSection(name: string, body: Uint8Array): Buffer {
  return section(0, Buffer.concat([text(name), body]));
}

export function section(id: number, body: Uint8Array): Buffer {
  return Buffer.concat([Buffer.from([id]), number(body.length), body]);
}

function vector(items: readonly Buffer[]): Buffer {
  return Buffer.concat([number(items.length), ...items]);
}

function text(value: string): Buffer {
  return Buffer.concat([number(Buffer.byteLength(value)), Buffer.from(value)]);
}

/** Unsigned LEB128. */
function number(value: number): Buffer {
  return value < 0x80
    ? Buffer.from([value])
    : Buffer.concat([Buffer.from([(value & 0x7f) | 0x80]), number(value >>> 7)]);
}
