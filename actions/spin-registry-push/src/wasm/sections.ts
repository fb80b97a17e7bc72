import { ByteReader } from "./byte-reader.ts";

/** A section of a WebAssembly binary, without its header. */
export interface Section {
  readonly id: number;
  readonly body: Uint8Array;
}

/** A core module or a component, as far as its outermost structure says. */
export interface Binary {
  readonly kind: "module" | "component";
  readonly sections: readonly Section[];
}

/** The highest section ids: tags in core modules, values in components. */
const lastSection = { module: 13, component: 12 } as const;

/** Sections of a component that hold another binary. */
const nested = new Set([1, 4]);

/**
 * Splits a binary into its sections, and checks that they and those of the binaries inside it reach exactly to the end
 * (WebAssembly core specification §5.5.2, component model Binary.md).
 *
 * @throws Error (the end of a clause that starts with "is") where they do not.
 */
export function sectionsOf(bytes: Uint8Array): Binary {
  const outermost = split(bytes, 0);
  const inside = nestedIn(outermost);
  for (let next = inside.pop(); next !== undefined; next = inside.pop()) {
    inside.push(...nestedIn(split(next, next.byteOffset - bytes.byteOffset)));
  }
  return outermost;
}

function nestedIn({ kind, sections }: Binary): Uint8Array[] {
  return kind === "module" ? [] : sections.filter(({ id }) => nested.has(id)).map(({ body }) => body);
}

function split(bytes: Uint8Array, offset: number): Binary {
  const header = Buffer.from(bytes.subarray(0, 8)).toString("hex");
  const kind = header === "0061736d01000000" ? "module" : "component";
  if (kind === "component" && header !== "0061736d0d000100") {
    throw new Error(`damaged: there is no WebAssembly binary at byte ${offset}`);
  }
  const reader = new ByteReader(bytes.subarray(8));
  const sections: Section[] = [];
  while (!reader.isAtEnd) {
    const at = offset + 8 + reader.position;
    const id = reader.byte();
    if (id > lastSection[kind]) throw new Error(`damaged: there is no section type ${id} (at byte ${at})`);
    const size = reader.number();
    if (size === undefined || size > reader.left) {
      throw new Error(`truncated: the section at byte ${at} needs more bytes than the file has`);
    }
    sections.push({ id, body: reader.take(size) });
  }
  return { kind, sections };
}

/** The custom sections of a binary, in order. */
export function customSections({ sections }: Binary): readonly { name: string; body: Uint8Array }[] {
  return sections.flatMap(({ id, body }) => {
    const reader = new ByteReader(body);
    const name = id === 0 ? reader.text() : undefined;
    return name === undefined ? [] : [{ name, body: reader.take(reader.left) }];
  });
}
