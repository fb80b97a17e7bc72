/** The part of the WebAssembly JavaScript API that is used here: Node's types do not declare it. */
declare const WebAssembly: {
  compile(bytes: Uint8Array): Promise<object>;
  readonly CompileError: new (message: string) => Error;
  readonly Module: {
    imports(module: object): readonly ModuleImport[];
    exports(module: object): readonly { readonly name: string; readonly kind: string }[];
  };
};

export interface ModuleImport {
  readonly module: string;
  readonly name: string;
  /** `function`, `memory`, `table`, `global` or `tag`. */
  readonly kind: string;
}

/** What a core module needs and offers. */
export interface CompiledModule {
  readonly kind: "compiled";
  readonly imports: readonly ModuleImport[];
  /** Names of exported functions. */
  readonly functions: readonly string[];
}

/**
 * Validates a core module, all of its functions included.
 *
 * @returns `unknown` where the module uses a feature that this Node does not have, or exceeds one of its limits.
 */
export async function compileModule(
  bytes: Uint8Array,
): Promise<
  CompiledModule | { readonly kind: "invalid"; readonly reason: string } | { readonly kind: "unknown" }
> {
  try {
    const module = await WebAssembly.compile(bytes);
    return {
      kind: "compiled",
      imports: WebAssembly.Module.imports(module),
      functions: WebAssembly.Module.exports(module).flatMap(({ name, kind }) =>
        kind === "function" ? name : [],
      ),
    };
  } catch (error) {
    if (!(error instanceof WebAssembly.CompileError)) throw error;
    const reason = error.message.replace(/^WebAssembly\.\w+\(\): /, "");
    return /experimental|supported|maximum|limit/i.test(reason)
      ? { kind: "unknown" }
      : { kind: "invalid", reason };
  }
}
