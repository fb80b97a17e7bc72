import { messageOf } from "@spin-publisher/errors";
import { reasonAgainstModule } from "./adaptable.ts";
import { parseBindgen } from "./bindgen.ts";
import { type CompiledModule, compileModule } from "./compile.ts";
import { parseProducers } from "./producers.ts";
import { type Binary, customSections, sectionsOf } from "./sections.ts";

/**
 * Why Spin would refuse a binary when it loads it: damaged, or a core module that cannot be converted to a component.
 * Where it is not certain, the binary passes: Spin itself is the judge, and a newer one may take more.
 *
 * @param bytes a binary with a correct header.
 * @returns the end of a clause that starts with what the binary is called.
 */
export async function reasonAgainstLoading(bytes: Uint8Array): Promise<string | undefined> {
  let binary: Binary;
  try {
    binary = sectionsOf(bytes);
  } catch (error) {
    return `is ${messageOf(error)}; build or fetch it again`;
  }
  if (binary.kind === "component") return undefined;
  const compiled = await compileModule(bytes);
  if (compiled.kind === "invalid") {
    return `is not valid WebAssembly (${compiled.reason}); build or fetch it again`;
  }
  return compiled.kind === "compiled" ? reasonAgainst(compiled, binary) : undefined;
}

function reasonAgainst({ imports, functions }: CompiledModule, binary: Binary): string | undefined {
  const custom = customSections(binary);
  const bindings = custom.filter(({ name }) => name.startsWith("component-type"));
  const bindgens = bindings.map(({ body }) => parseBindgen(body));
  // Only Spin can say what it makes of other bindings.
  if (bindgens.includes(undefined)) return undefined;
  const producers = custom.findLast(({ name }) => name === "producers");
  return reasonAgainstModule({
    imports,
    functions,
    bindgens: bindgens.filter((bindgen) => bindgen !== undefined),
    clang: producers && parseProducers(producers.body).get("processed-by")?.get("clang"),
  });
}
