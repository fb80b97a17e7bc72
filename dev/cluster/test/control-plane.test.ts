import { describe, expect, test } from "@jest/globals";
import { apiServerArguments, etcdArguments, tokenLines } from "../control-plane.ts";
import { buildArguments, kubernetesVersion } from "../kubernetes-programs.ts";
import { createLedger } from "../ledger.ts";

const ports = { etcd: 1001, etcdPeers: 1002, api: 1003 };

describe("the control plane", () => {
  test("listens on loopback only", () => {
    const all = [...etcdArguments("/state", ports), ...apiServerArguments("/state", ports, "AlwaysAllow")];
    const addresses = all.flatMap((argument) => argument.match(/\d+\.\d+\.\d+\.\d+(?![\d./])/g) ?? []);
    expect(new Set(addresses)).toEqual(new Set(["127.0.0.1"]));
    expect(all).toContain("--bind-address=127.0.0.1");
    expect(all).toContain("--secure-port=1003");
    expect(all).toContain("--etcd-servers=http://127.0.0.1:1001");
  });

  test("keeps everything in its folder", () => {
    const all = [...etcdArguments("/state", ports), ...apiServerArguments("/state", ports, "Node,RBAC")];
    const paths = all.flatMap((argument) => argument.match(/(?<==)\/[^/].*$/g) ?? []);
    expect(paths.length).toBeGreaterThanOrEqual(5);
    for (const path of paths) expect(path).toMatch(/^\/state\//);
  });

  test("knows its users by token", () => {
    const tokens = { admin: "secret-a", "system:node:one": "secret-b" };
    const users = { admin: ["system:masters"], "system:node:one": ["system:nodes", "x"] };
    expect(tokenLines(tokens, users)).toBe(
      'secret-a,admin,admin,"system:masters"\nsecret-b,system:node:one,system:node:one,"system:nodes,x"\n',
    );
  });
});

describe("Kubernetes' programs", () => {
  test("are of the version in go.mod, and know it", async () => {
    const version = await kubernetesVersion();
    expect(version).toMatch(/^v1\.\d+\.\d+$/);
    const [, minor] = version.split(".");
    const args = buildArguments(version, "/tools", ["kubectl"]);
    expect(args.join(" ")).toContain(`version.gitVersion=${version} `);
    expect(args.join(" ")).toContain(`version.gitMinor=${minor} `);
    expect(args.slice(-3)).toEqual(["-o", "/tools/", "k8s.io/kubernetes/cmd/kubectl"]);
  });
});

describe("what is owed", () => {
  test("is removed newest first, once, whatever fails", async () => {
    const removed: string[] = [];
    const ledger = createLedger();
    const remove = (what: string) => async () => {
      removed.push(what);
    };
    ledger.owe("folder", remove("folder"));
    ledger.owe("mount", async () => {
      throw new Error("target is busy");
    });
    ledger.owe("process", remove("process"));
    expect(await ledger.settle()).toEqual(["mount: target is busy"]);
    expect(await ledger.settle()).toEqual([]);
    expect(removed).toEqual(["process", "folder"]);
  });

  test("may be added while it is settled", async () => {
    const removed: string[] = [];
    const ledger = createLedger();
    ledger.owe("first", async () => {
      removed.push("first");
      ledger.owe("late", async () => {
        removed.push("late");
      });
    });
    await ledger.settle();
    expect(removed).toEqual(["first", "late"]);
  });
});
