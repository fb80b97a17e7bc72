import type { Bindgen } from "./bindgen.ts";
import type { ModuleImport } from "./compile.ts";
import { oldSpinFunctions, wasiFunctions, wasiModule } from "./provided-imports.ts";

/** What decides whether Spin can convert a core module to a component. */
export interface ModuleFacts {
  readonly imports: readonly ModuleImport[];
  /** Names of exported functions. */
  readonly functions: readonly string[];
  /** By each of its sections `component-type…`. */
  readonly bindgens: readonly Bindgen[];
  /** Version of the clang that compiled it, where it says so. */
  readonly clang: string | undefined;
}

/**
 * Why Spin refuses to convert a core module when it loads it; undefined where it does not, or might not. The rules are
 * those of Spin's `crates/componentize` (3.0 to 4.0): which adapter a module gets depends on who made its bindings, and
 * each adapter provides its own imports.
 *
 * @returns the end of a clause that starts with what the module is called.
 */
export function reasonAgainstModule(facts: ModuleFacts): string | undefined {
  const { bindgens, functions, clang } = facts;
  const version = bindgens.at(-1)?.version;
  if (version !== undefined) {
    return reasonAgainstWitBindgen(version) ?? reasonAgainstImports(facts, (one) => isInWorld(one, bindgens));
  }
  const realloc = functions.includes("cabi_realloc") || functions.includes("canonical_abi_realloc");
  if (functions.includes("_start") && !realloc && bindgens.length === 0) {
    return reasonAgainstClang(clang) ?? reasonAgainstImports(facts, isForCommands);
  }
  return reasonAgainstImports(facts, isForOldBindings);
}

/** From 0.5 on, bindings can be adapted; what Spin makes of 1.0, nobody knows yet. */
function reasonAgainstWitBindgen(version: string): string | undefined {
  const [major = "", minor = "", , ...more] = version.split(".");
  const isByte = (text: string) => /^\+?\d+$/.test(text) && Number(text) <= 255;
  if (isByte(major) && Number(major) === 0 && isByte(minor) && Number(minor) >= 5 && more.length === 0)
    return undefined;
  return `was made with wit-bindgen ${version}, which Spin cannot adapt; rebuild it with a current SDK`;
}

/** Modules of an older wasi-libc corrupt their memory (spinframework/spin#2552). */
function reasonAgainstClang(clang: string | undefined): string | undefined {
  const [, major, minor, patch] = /^(\d+)\.(\d+)\.(\d+)(?:-wasi-sdk)?(?: |$)/.exec(clang ?? "") ?? [];
  if (patch === undefined) return undefined;
  const [first = 0, second = 0, third = 0] = [major, minor, patch].map(Number);
  if (first > 15 || (first === 15 && (second > 0 || third >= 7))) return undefined;
  return `was compiled by clang ${first}.${second}.${third}, whose library corrupts memory, so Spin refuses it (spinframework/spin#2552); rebuild it with wasi-sdk 19 or newer`;
}

type IsProvided = (one: ModuleImport) => boolean;

function reasonAgainstImports({ imports }: ModuleFacts, isProvided: IsProvided): string | undefined {
  const missing = imports.filter((one) => !isProvided(one));
  const [first, ...others] = missing;
  if (first === undefined) return undefined;
  const more = others.length === 0 ? "" : ` and ${others.length} more`;
  return `imports "${first.module}.${first.name}"${more}, which Spin does not provide; build it for Spin, with WASI preview 1 or as a component`;
}

const isWasi: IsProvided = ({ module, name, kind }) =>
  module === wasiModule && kind === "function" && wasiFunctions.has(name);

/** A module that has a world imports from its interfaces: `env` alone is certainly none that Spin has. */
function isInWorld(one: ModuleImport, bindgens: readonly Bindgen[]): boolean {
  if (one.module === wasiModule) return isWasi(one);
  return isSpecial(one) || (one.kind === "function" && bindgens.some(({ mentions }) => mentions(one.module)));
}

const isForCommands: IsProvided = (one) => isWasi(one) || isSpecial(one);

const isForOldBindings: IsProvided = (one) =>
  isWasi(one) || (one.kind === "function" && oldSpinFunctions.has(`${one.module}:${one.name}`));

/** What wit-component gives a meaning of its own: root functions, exported resources, standard names; and WIT names. */
function isSpecial({ module, kind }: ModuleImport): boolean {
  return kind === "function" && /^(?:\$root$|\[export\]|cm32p2|.*:)/.test(module);
}
