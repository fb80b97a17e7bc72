import { ByteReader } from "./byte-reader.ts";
import { parseProducers } from "./producers.ts";
import { customSections, sectionsOf } from "./sections.ts";

/** What wit-bindgen recorded in a module, in its custom sections `component-type…`: the interfaces that it uses. */
export interface Bindgen {
  /** Undefined where another tool, or an unknown one, made the bindings. */
  readonly version: string | undefined;
  /** Whether an interface is named there. */
  readonly mentions: (name: string) => boolean;
}

/**
 * Reads one section `component-type…`: a component (format 4), or a WIT package after the name of a world (format 3, of
 * SDKs from 2023).
 *
 * @returns undefined for any other format.
 */
export function parseBindgen(body: Uint8Array): Bindgen | undefined {
  const isOld = body[0] === 3;
  const sections = ownSections(isOld ? afterWorldName(body) : body);
  if (sections === undefined) return undefined;
  if (!isOld && sections.get("wit-component-encoding")?.[0] !== 4) return undefined;
  const processedBy = parseProducers(sections.get("producers") ?? new Uint8Array()).get("processed-by");
  const [, version] = [...(processedBy ?? [])].find(([tool]) => tool.startsWith("wit-bindgen")) ?? [];
  return { version, mentions: (name) => Buffer.from(body).includes(lengthPrefixed(name)) };
}

/** Format 3: a byte for itself, one for the encoding of strings, a name, the binary. */
function afterWorldName(body: Uint8Array): Uint8Array {
  const reader = new ByteReader(body.subarray(2));
  reader.text();
  return reader.take(reader.left);
}

function ownSections(body: Uint8Array): ReadonlyMap<string, Uint8Array> | undefined {
  try {
    return new Map(customSections(sectionsOf(body)).map(({ name, body }) => [name, body]));
  } catch {
    return undefined;
  }
}

/** A short name as the binary format writes it. */
function lengthPrefixed(name: string): Buffer {
  const bytes = Buffer.from(name);
  return bytes.length < 0x80 ? Buffer.from([bytes.length, ...bytes]) : bytes;
}
