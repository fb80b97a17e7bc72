import { describe, expect, test } from "@jest/globals";
import { installPlugins } from "../src/plugins/install-plugins.ts";
import { type Plugin, parsePlugins } from "../src/plugins/parse-plugins.ts";
import type { RunSpin } from "../src/plugins/run-spin.ts";

describe("the input", () => {
  test.each<[string, readonly Plugin[]]>([
    ["", []],
    ["js2wasm", [{ name: "js2wasm" }]],
    [
      "js2wasm@0.7.0, cloud@v0.10.1-rc.1",
      [
        { name: "js2wasm", version: "0.7.0" },
        { name: "cloud", version: "0.10.1-rc.1" },
      ],
    ],
    ["\nkube\n\npy2wasm , otel\n", [{ name: "kube" }, { name: "py2wasm" }, { name: "otel" }]],
  ])("%j asks for %j", (text, plugins) => {
    expect(parsePlugins(text)).toEqual(plugins);
  });

  test.each([
    "a b",
    "js2wasm@",
    "js2wasm@latest",
    "js2wasm@^0.7",
    "@0.7.0",
    "--yes",
    "../x",
    "a;b",
    "https://x/y.json",
  ])("%j is refused", (text) => {
    expect(() => parsePlugins(text)).toThrow(`but one of them is "${text}"`);
  });

  test("may not list a plugin twice", () => {
    expect(() => parsePlugins("cloud, js2wasm, cloud@0.10.0")).toThrow("lists cloud twice");
  });
});

/** Spin as far as plugins go, by what `spin plugins` does (its src/commands/plugins.rs). */
function fakeSpin(installed: Record<string, string>, catalogue: Record<string, string>) {
  const calls: string[] = [];
  const spin: RunSpin = async (args) => {
    calls.push(args.join(" "));
    const [, verb, name = ""] = args;
    if (verb === "list") {
      const lines = Object.entries(installed).map(([name, version]) => `${name} ${version} [installed]\n`);
      return lines.length === 0 ? "No plugins found\n" : lines.join("");
    }
    if (verb === "uninstall") {
      delete installed[name];
      return "";
    }
    if (verb === "update") return "Plugin information updated successfully\n";
    const wanted = args.includes("--version") ? args[args.indexOf("--version") + 1] : catalogue[name];
    if (catalogue[name] === undefined || wanted === undefined) throw new Error(`plugin '${name}' not found`);
    if (verb === "install" && (installed[name] ?? "") > wanted)
      throw new Error("Newer version is already installed");
    installed[name] = wanted;
    return `Plugin '${name}' was installed successfully!\n`;
  };
  return { spin, calls };
}

const catalogue = { js2wasm: "0.7.0", cloud: "0.10.0" };

describe("plugins", () => {
  test("without a version are installed in the newest one, after fetching the catalogue once", async () => {
    const { spin, calls } = fakeSpin({}, catalogue);
    expect(await installPlugins([{ name: "js2wasm" }, { name: "cloud", version: "0.9.0" }], spin)).toEqual([
      { name: "js2wasm", version: "0.7.0" },
      { name: "cloud", version: "0.9.0" },
    ]);
    expect(calls).toEqual([
      "plugins list --installed",
      "plugins update",
      "plugins install js2wasm --yes",
      "plugins install cloud --version 0.9.0 --yes",
      "plugins list --installed",
    ]);
  });

  test("that are already installed cost one listing", async () => {
    const { spin, calls } = fakeSpin({ js2wasm: "0.7.0" }, catalogue);
    await installPlugins([{ name: "js2wasm", version: "0.7.0" }], spin);
    expect(calls).toEqual(["plugins list --installed"]);
  });

  test.each(["0.6.0", "0.8.0"])("that are installed in version %s are replaced", async (version) => {
    const { spin } = fakeSpin({ js2wasm: version }, catalogue);
    expect(await installPlugins([{ name: "js2wasm", version: "0.7.0" }], spin)).toEqual([
      { name: "js2wasm", version: "0.7.0" },
    ]);
  });

  test("that do not exist are a failure that names them", async () => {
    const { spin } = fakeSpin({}, catalogue);
    await expect(installPlugins([{ name: "js3wasm" }], spin)).rejects.toThrow(
      "Cannot install the plugin js3wasm: plugin 'js3wasm' not found",
    );
  });

  test("that are not listed afterwards are a failure, whatever Spin said", async () => {
    const { spin } = fakeSpin({}, catalogue);
    const lying: RunSpin = async (args) => (args[1] === "install" ? "installed successfully!" : spin(args));
    await expect(installPlugins([{ name: "cloud" }], lying)).rejects.toThrow(
      "The plugin cloud is not installed although Spin reported success: it lists no plugin of that name.",
    );
  });

  test("that are listed in another version afterwards are a failure", async () => {
    const { spin } = fakeSpin({ cloud: "0.10.0" }, catalogue);
    const lying: RunSpin = async (args) => (args[1] === "upgrade" ? "installed successfully!" : spin(args));
    await expect(installPlugins([{ name: "cloud", version: "0.9.0" }], lying)).rejects.toThrow(
      "The plugin cloud@0.9.0 is not installed although Spin reported success: it lists version 0.10.0.",
    );
  });

  test("that have lost their program are removed and installed again", async () => {
    const { spin, calls } = fakeSpin({ js2wasm: "0.7.0" }, catalogue);
    let lost = true;
    const removing: RunSpin = async (args) => {
      if (args[1] === "install") lost = false;
      return spin(args);
    };
    await installPlugins([{ name: "js2wasm", version: "0.7.0" }], removing, async () => lost);
    expect(calls.filter((call) => !call.includes("list"))).toEqual([
      "plugins uninstall js2wasm",
      "plugins update",
      "plugins install js2wasm --version 0.7.0 --yes",
    ]);
  });

  test("cannot be installed without the catalogue", async () => {
    const { spin } = fakeSpin({}, catalogue);
    const offline: RunSpin = async (args) => {
      if (args[1] === "update") throw new Error("failed to clone");
      return spin(args);
    };
    await expect(installPlugins([{ name: "cloud" }], offline)).rejects.toThrow(
      "Cannot fetch the catalogue of Spin's plugins: failed to clone",
    );
  });
});
