import { ByteReader } from "./byte-reader.ts";

/** Tools and their versions, by field: `processed-by` → `clang` → `15.0.7`. */
export type Producers = ReadonlyMap<string, ReadonlyMap<string, string>>;

/**
 * What a custom section `producers` says (tool-conventions, ProducersSection.md); what follows a damaged entry is
 * omitted.
 */
export function parseProducers(body: Uint8Array): Producers {
  const reader = new ByteReader(body);
  const producers = new Map<string, Map<string, string>>();
  for (let fields = reader.number() ?? 0; fields > 0; fields -= 1) {
    const field = reader.text();
    const tools = reader.number();
    if (field === undefined || tools === undefined) break;
    const versions = new Map<string, string>();
    producers.set(field, versions);
    for (let left = tools; left > 0; left -= 1) {
      const tool = reader.text();
      const version = reader.text();
      if (tool === undefined || version === undefined) return producers;
      versions.set(tool, version);
    }
  }
  return producers;
}
