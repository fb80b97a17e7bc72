import { describe, expect, test } from "@jest/globals";
import { reasonAgainstLoading } from "../src/wasm/loadable.ts";
import { bindingsBy, component, coreModule, customSection, moduleOf, processedBy, section } from "./wasm.ts";

const wasi = "wasi_snapshot_preview1.fd_write";
const notProvided = (name: string) =>
  `imports "${name}, which Spin does not provide; build it for Spin, with WASI preview 1 or as a component`;

/** Compared by hand with Spin's own `crates/componentize`, which accepts these and refuses those below. */
describe("a core module that Spin converts", () => {
  test.each([
    ["is empty", coreModule],
    ["has no imports", moduleOf({})],
    ["is a WASI command", moduleOf({ imports: [wasi], exports: ["_start"] })],
    ["is a WASI reactor", moduleOf({ imports: [wasi] })],
    [
      "was made with wit-bindgen 0.2",
      moduleOf({ imports: [wasi, "spin-config.get-config"], exports: ["canonical_abi_realloc"] }),
    ],
    [
      "has old bindings and _start",
      moduleOf({ imports: ["key-value.open"], exports: ["cabi_realloc", "_start"] }),
    ],
    [
      "was made with a current wit-bindgen",
      moduleOf({
        imports: [wasi, "fermyon:spin/http@2.0.0.get", "$root.f", "[export]a:b/c.drop", "local.f"],
        custom: [bindingsBy({ "wit-bindgen-rust": "0.16.0" }, ["local"])],
      }),
    ],
    [
      "was made with the wit-bindgen of 2023",
      moduleOf({
        imports: [wasi, "fermyon:spin/http@2.0.0.get"],
        custom: [bindingsBy({ "wit-bindgen-rust": "0.13.2" }, [], 3)],
      }),
    ],
    ["names wit-bindgen 0.5", moduleOf({ custom: [bindingsBy({ "wit-bindgen-c": "0.5" })] })],
    [
      "has bindings of an unknown format, so anything may be",
      moduleOf({ imports: ["env.foo"], custom: [bindingsBy({ "wit-bindgen-rust": "0.3.0" }, [], 2)] }),
    ],
    [
      "was compiled by clang 15.0.7",
      moduleOf({ imports: [wasi], exports: ["_start"], custom: [processedBy({ clang: "15.0.7" })] }),
    ],
    [
      "was compiled by a clang with a longer version",
      moduleOf({ exports: ["_start"], custom: [processedBy({ clang: "18.1.2-wasi-sdk (https://x)" })] }),
    ],
    [
      "was compiled by a clang of unknown version",
      moduleOf({ exports: ["_start"], custom: [processedBy({ clang: "Debian 11.0.1" })] }),
    ],
    [
      "was compiled by an old clang, but is no command",
      moduleOf({ imports: [wasi], custom: [processedBy({ clang: "14.0.0" })] }),
    ],
    [
      "was compiled by an old clang, but with wit-bindgen",
      moduleOf({ exports: ["_start", "cabi_realloc"], custom: [processedBy({ clang: "14.0.0" })] }),
    ],
    [
      "has a damaged section of producers",
      moduleOf({ custom: [customSection("producers", Buffer.from([9, 9]))] }),
    ],
  ])("passes: one that %s", async (_name, bytes) => {
    expect(await reasonAgainstLoading(bytes)).toBeUndefined();
  });

  test("passes when it uses a feature that Node does not have", async () => {
    // A function with (try_table), of the exception handling proposal.
    const body = Buffer.from([0x00, 0x1f, 0x40, 0x00, 0x0b, 0x0b]);
    const bytes = Buffer.concat([
      coreModule,
      section(1, Buffer.from([1, 0x60, 0, 0])),
      section(3, Buffer.from([1, 0])),
      section(10, Buffer.concat([Buffer.from([1, body.length]), body])),
    ]);
    expect(await reasonAgainstLoading(bytes)).toBeUndefined();
  });
});

describe("a core module that Spin refuses", () => {
  test.each([
    ["imports an unknown function", moduleOf({ imports: ["env.foo"] }), notProvided('env.foo"')],
    [
      "is a command with several unknown imports",
      moduleOf({ imports: [wasi, "env.abort", "env.seed", "env.trace"], exports: ["_start"] }),
      notProvided('env.abort" and 2 more'),
    ],
    ["imports memory", moduleOf({ imports: ["env.memory:memory"] }), notProvided('env.memory"')],
    [
      "imports what only WASI's predecessor had",
      moduleOf({ imports: ["wasi_unstable.fd_write"], exports: ["_start"] }),
      notProvided('wasi_unstable.fd_write"'),
    ],
    [
      "imports what only other runtimes add to WASI",
      moduleOf({ imports: ["wasi_snapshot_preview1.sock_open"], exports: ["_start"] }),
      notProvided('wasi_snapshot_preview1.sock_open"'),
    ],
    [
      "has old bindings without the export that marks them",
      moduleOf({ imports: ["spin-config.get-config"], exports: ["_start"] }),
      notProvided('spin-config.get-config"'),
    ],
    [
      "imports what its bindings do not name",
      moduleOf({
        imports: ["env.foo"],
        custom: [bindingsBy({ "wit-bindgen-rust": "0.16.0" }, ["environment"])],
      }),
      notProvided('env.foo"'),
    ],
    ...["0.3.0", "0.4.9", "1.0.0", "0.16.0-rc.1", "x"].map(
      (version) =>
        [
          `was made with wit-bindgen ${version}`,
          moduleOf({ custom: [bindingsBy({ "wit-bindgen-rust": version })] }),
          `was made with wit-bindgen ${version}, which Spin cannot adapt; rebuild it with a current SDK`,
        ] as const,
    ),
    [
      "has old bindings that cannot be adapted",
      moduleOf({ custom: [bindingsBy({ "wit-bindgen-rust": "0.4.0" }, [], 3)] }),
      "was made with wit-bindgen 0.4.0, which",
    ],
    ...["15.0.6", "14.0.4 (https://x)", "13.0.0"].map(
      (clang) =>
        [
          `was compiled by clang ${clang}`,
          moduleOf({ imports: [wasi], exports: ["_start"], custom: [processedBy({ clang })] }),
          `was compiled by clang ${clang.split(" ")[0]}, whose library corrupts memory`,
        ] as const,
    ),
  ])("fails: one that %s", async (_name, bytes, reason) => {
    expect(await reasonAgainstLoading(bytes)).toContain(reason);
  });

  test("fails when a function of it is invalid", async () => {
    const bytes = moduleOf({});
    bytes[bytes.length - 2] = 0xff;
    expect(await reasonAgainstLoading(bytes)).toMatch(
      /^is not valid WebAssembly \(Compiling function #0 failed: .*\); build or fetch it again$/,
    );
  });
});

describe("a damaged binary", () => {
  const inner = moduleOf({ imports: [wasi] });
  const nested = Buffer.concat([component, section(4, Buffer.concat([component, section(1, inner)]))]);

  test.each([
    ["a module", inner],
    ["a component", Buffer.concat([component, customSection("name", Buffer.alloc(300))])],
    ["a module in a component in a component", nested],
  ])("is refused wherever it is cut off: %s", async (_name, bytes) => {
    expect(await reasonAgainstLoading(bytes)).toBeUndefined();
    const reasons = new Set<string | undefined>();
    for (let length = 9; length < bytes.length; length += 1) {
      const reason = await reasonAgainstLoading(bytes.subarray(0, length));
      reasons.add(reason?.replace(/\d+|\(.*\)/g, "…"));
    }
    // Between two sections, what is left is a binary of its own.
    reasons.delete(undefined);
    expect(
      [...reasons].filter((reason) => !/^is (?:truncated|not valid WebAssembly)/.test(reason ?? "")),
    ).toEqual([]);
    expect(reasons.size).toBeGreaterThan(0);
  });

  test.each([
    ["a module", coreModule, 14],
    ["a component", component, 13],
  ])("is refused where a section of %s is none", async (_name, header, id) => {
    const bytes = Buffer.concat([header, section(id, Buffer.from("random"))]);
    expect(await reasonAgainstLoading(bytes)).toBe(
      `is damaged: there is no section type ${id} (at byte 8); build or fetch it again`,
    );
  });

  test("is refused where a component holds something else than a binary", async () => {
    const bytes = Buffer.concat([component, section(1, Buffer.from("not a module"))]);
    expect(await reasonAgainstLoading(bytes)).toBe(
      "is damaged: there is no WebAssembly binary at byte 10; build or fetch it again",
    );
  });

  test("is refused without end of memory or stack, however deep its components nest", async () => {
    let bytes = Buffer.concat([component, section(1, Buffer.from("x"))]);
    for (let depth = 0; depth < 5000; depth += 1) bytes = Buffer.concat([component, section(4, bytes)]);
    expect(await reasonAgainstLoading(bytes)).toMatch(
      /^is damaged: there is no WebAssembly binary at byte \d+;/,
    );
  });
});
