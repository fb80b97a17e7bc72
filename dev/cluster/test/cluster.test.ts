import { describe, expect, test } from "@jest/globals";
import { customSections, sectionsOf } from "../../../actions/spin-registry-push/src/wasm/sections.ts";
import { bytesOf, parseRequests, type RollResult, type StartResult } from "../measure.ts";
import { nodeFiles, registryHost } from "../node-files.ts";
import { padded, shimRepository } from "../publication.ts";
import { problemsOf } from "../run.ts";
import { preparation } from "../world.ts";

const none = { new: 0, kept: 0, slow: 0 };
const start: StartResult = {
  ...{ embed: "app", imageBytes: 1, contentRequests: 0, contentBytes: 0, readyMilliseconds: 1 },
};
const roll: RollResult = {
  ...{ what: "0.1.0 → 0.1.1", replicas: 2, rollMilliseconds: 1 },
  load: {
    requests: { new: 900, kept: 900, slow: 300 },
    failed: none,
    sentAgain: none,
    reasons: {},
    bodies: ["a", "b"],
  },
};

describe("a run shows", () => {
  test("nothing to complain about", () => expect(problemsOf([start], [roll])).toEqual([]));

  const load = (change: Partial<RollResult["load"]>) => ({ ...roll, load: { ...roll.load, ...change } });
  test.each([
    ["a failed request", [start], [load({ failed: { ...none, slow: 1 } })], "1 of 2100 requests failed"],
    ["too few requests", [start], [load({ requests: { ...none, new: 1999 } })], "only 1999 requests"],
    ["a roll that was none", [start], [load({ bodies: ["a"] })], "1 versions answered, expected 2"],
    ["an app that asks", [{ ...start, contentRequests: 3 }], [roll], "embed app: 3 requests for content"],
  ])("%s", (_title, starts, rolls, problem) => {
    expect(problemsOf(starts, rolls)).toEqual([expect.stringContaining(problem)]);
  });

  test("that a broken version never answered", () => {
    const broken = { ...load({ bodies: ["a"] }), what: "broken image, helm" };
    expect(problemsOf([start], [broken])).toEqual([]);
  });
});

describe("the node", () => {
  const folders = {
    folder: "/state",
    runc: "/tools/runc",
    plugins: "/tools/cni",
    proxyKubeconfig: "/state/k",
  };
  const files = nodeFiles(folders);

  test("pulls from the registry in its network, over plain HTTP", () => {
    const hosts = files[`certs.d/${registryHost}/hosts.toml`];
    expect(hosts).toContain(`server = "http://${registryHost}"`);
    expect(files["containerd.toml"]).toContain('config_path = "/state/certs.d"');
  });

  test("keeps its pods in a cgroup of its own, and opens no port to others", () => {
    expect(JSON.parse(files["kubelet.yaml"] ?? "")).toMatchObject({
      address: "127.0.0.1",
      cgroupRoot: "/spin-publisher-cluster",
      readOnlyPort: 0,
    });
  });

  test("writes to no folder of the machine", () => {
    const mounted = preparation.filter(([program]) => program === "mount").map((command) => command.at(-1));
    expect(mounted).toEqual(["/run", "/var/lib", "/var/log"]);
    expect(preparation.filter(([program]) => program !== "mount").join(" ")).not.toContain("/etc");
  });
});

describe("what is published", () => {
  test("has a module of the wanted size that is still a module", async () => {
    const empty = new Uint8Array([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]);
    const module = padded(empty, 100_000);
    expect(module.length).toBeGreaterThan(100_000);
    const [section] = customSections(sectionsOf(module));
    expect(section?.name).toBe("padding");
  });

  test("has the plain name with the default embed mode", () => {
    expect(shimRepository("modules")).toBe("octo-org/site");
    expect(shimRepository("app")).toBe("octo-org/site-app");
  });
});

test("the registry's log may hold other lines", () => {
  const requests = parseRequests('{"repository":"a","responseBytes":3}\nwarning\n{"responseBytes":4}\n');
  expect(requests).toHaveLength(2);
  expect(bytesOf(requests)).toBe(7);
});
