// Configuration files of the node's programs. JSON is YAML too.
import { join } from "node:path";
import { cgroupName } from "./cgroups.ts";
import { nodeAddress } from "./world.ts";

export const registryPort = 5000;
export const registryHost = `${nodeAddress}:${registryPort}`;
export const nodeName = "node";
export const sandboxImage = `${registryHost}/pause/spinframework/spin:v4.0.2-distroless`;
const socket = "/run/containerd/containerd.sock";

export interface NodeFiles {
  /** Where containerd, the kubelet and their configuration are. */
  readonly folder: string;
  readonly runc: string;
  /** The folder of the CNI plugins. */
  readonly plugins: string;
  readonly proxyKubeconfig: string;
}

/** Path in `folder` → text. */
export function nodeFiles({
  folder,
  runc,
  plugins,
  proxyKubeconfig,
}: NodeFiles): Readonly<Record<string, string>> {
  const cri = 'plugins."io.containerd.grpc.v1.cri"';
  const text = (value: unknown) => JSON.stringify(value);
  return {
    "containerd.toml": [
      "version = 2",
      `root = ${text(join(folder, "containerd"))}`,
      'state = "/run/containerd"',
      `[grpc]\naddress = ${text(socket)}`,
      // Without it, runc needs a capability that root in a container lacks.
      `[${cri}]\nsandbox_image = ${text(sandboxImage)}\nrestrict_oom_score_adj = true`,
      `[${cri}.containerd.runtimes.runc]\nruntime_type = "io.containerd.runc.v2"`,
      `[${cri}.containerd.runtimes.runc.options]\nBinaryName = ${text(runc)}`,
      `[${cri}.cni]\nbin_dir = ${text(plugins)}\nconf_dir = ${text(join(folder, "cni"))}`,
      `[${cri}.registry]\nconfig_path = ${text(join(folder, "certs.d"))}`,
      "",
    ].join("\n"),
    [`certs.d/${registryHost}/hosts.toml`]: [
      `server = ${text(`http://${registryHost}`)}`,
      `[host.${text(`http://${registryHost}`)}]\ncapabilities = ["pull", "resolve"]`,
      "",
    ].join("\n"),
    "cni/pods.conflist": text({
      cniVersion: "0.4.0",
      name: "pods",
      plugins: [
        {
          type: "bridge",
          bridge: "pods0",
          isGateway: true,
          ipam: { type: "host-local", subnet: "10.244.0.0/24", routes: [{ dst: "0.0.0.0/0" }] },
        },
      ],
    }),
    "kubelet.yaml": text({
      apiVersion: "kubelet.config.k8s.io/v1beta1",
      kind: "KubeletConfiguration",
      address: "127.0.0.1",
      readOnlyPort: 0,
      healthzPort: 0,
      authentication: { anonymous: { enabled: false }, webhook: { enabled: false } },
      authorization: { mode: "AlwaysAllow" },
      cgroupDriver: "cgroupfs",
      cgroupRoot: `/${cgroupName}`,
      containerRuntimeEndpoint: `unix://${socket}`,
      failCgroupV1: false,
      failSwapOn: false,
      resolvConf: "",
      podLogsDir: "/var/log/pods",
      volumePluginDir: join(folder, "volume-plugins"),
      imageGCHighThresholdPercent: 100,
      evictionHard: { "memory.available": "0%", "nodefs.available": "0%", "imagefs.available": "0%" },
    }),
    "proxy.yaml": text({
      apiVersion: "kubeproxy.config.k8s.io/v1alpha1",
      kind: "KubeProxyConfiguration",
      mode: "iptables",
      clusterCIDR: "10.244.0.0/16",
      hostnameOverride: nodeName,
      clientConnection: { kubeconfig: proxyKubeconfig },
      conntrack: { maxPerCore: 0, min: 0 },
    }),
  };
}

export { socket as containerdSocket };
