import { describe, expect, test } from "@jest/globals";
import { readVersions, requireVersion, withVersion } from "../version.ts";

const manifest = 'spin_manifest_version = 2\n\n[application]\nname = "site"\nversion = "0.1.0" # the site\n';
const chart =
  'apiVersion: v2\nname: bart\nversion: 1.0.0\nappVersion: "0.1.0"\ndependencies:\n- name: helmet\n  version: 0.14.0\n';
const read = (file: string) => (file.endsWith("spin.toml") ? manifest : chart);

describe("versions", () => {
  test("are read from their files", () => {
    expect(readVersions(read)).toEqual({ site: "0.1.0", chart: "1.0.0", app: "0.1.0" });
  });

  test("are replaced without changing anything else", () => {
    expect(withVersion(manifest, "site", "0.2.0")).toBe(manifest.replace("0.1.0", "0.2.0"));
    expect(withVersion(chart, "app", "0.2.0")).toBe(chart.replace("0.1.0", "0.2.0"));
    expect(withVersion(chart, "chart", "1.1.0")).toBe(chart.replace("1.0.0", "1.1.0"));
  });

  test("a dollar sign is not a replacement pattern", () => {
    expect(withVersion(manifest, "site", "$&")).toContain('version = "$&"');
  });

  test.each(["0.1.2", "10.20.30", "0.2.0-rc.1", "1.0.0-0a"])("%s is a version", (version) => {
    expect(requireVersion(version, "TAG")).toBe(version);
  });

  test.each(["", "v0.1.2", "0.1", "01.2.3", "0.1.2+5", "0.1.2-", "0.1.2-01", "0.1.2 "])(
    "%j is not a version",
    (version) => {
      expect(() => requireVersion(version, "TAG")).toThrow("TAG must be a version such as");
    },
  );
});
