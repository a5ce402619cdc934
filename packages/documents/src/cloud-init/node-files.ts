// The files that cloud-init writes on a node before anything runs.
import { bootstrapKubeconfig, type BootstrapToken } from '../kubernetes/bootstrap-kubeconfig.ts';
import { cniConfig, type PodNetwork } from '../kubernetes/cni-config.ts';
import { kubeletConfig } from '../kubernetes/kubelet-config.ts';
import { kubeletUnit } from '../kubernetes/kubelet-unit.ts';
import type { KubernetesVersion } from '../kubernetes/kubernetes-version.ts';
import {
  BOOTSTRAP_KUBECONFIG_PATH,
  CA_PATH,
  CNI_CONFIG_PATH,
  KUBELET_CONFIG_PATH,
  KUBELET_UNIT_PATH,
} from '../kubernetes/node-paths.ts';
import { joinScript, type NodeArtifact } from './join-script.ts';

export type NodeFile = { path: string; permissions: string; content: string };

export type ClusterMembership = {
  version: KubernetesVersion;
  apiServerUrl: string;
  /** The cluster's CA certificate, PEM. */
  caPem: string;
  token: BootstrapToken;
  clusterDns: readonly string[];
  clusterDomain?: string;
  podNetwork: PodNetwork;
  /** Those that a kubelet may not set are left out here and put on after it joined. */
  labels: Readonly<Record<string, string>>;
  artifacts: readonly NodeArtifact[];
};

export const JOIN_SCRIPT_PATH = '/usr/local/sbin/rackwright-join';

const SYSCTLS = `net.ipv4.ip_forward = 1
net.bridge.bridge-nf-call-iptables = 1
net.bridge.bridge-nf-call-ip6tables = 1
vm.overcommit_memory = 1
kernel.panic = 10
kernel.panic_on_oops = 1
fs.inotify.max_user_instances = 8192
`;

export type NodeFilesOf = { hostname: string; nodeAddress?: string; bootUrl: string; cluster: ClusterMembership };

export function nodeFiles({ hostname, nodeAddress, bootUrl, cluster }: NodeFilesOf): NodeFile[] {
  const { version, labels } = cluster;
  const cni = cniConfig(cluster.podNetwork);
  return [
    file('/etc/modules-load.d/kubernetes.conf', 'overlay\nbr_netfilter\n'),
    file('/etc/sysctl.d/90-kubernetes.conf', SYSCTLS),
    file(CA_PATH, withFinalNewline(cluster.caPem)),
    // Holds a secret: for root alone.
    { path: BOOTSTRAP_KUBECONFIG_PATH, permissions: '0600', content: bootstrapKubeconfig(cluster) },
    file(KUBELET_CONFIG_PATH, kubeletConfig(cluster)),
    file(
      KUBELET_UNIT_PATH,
      kubeletUnit({ version, labels, nodeName: hostname, ...(nodeAddress === undefined ? {} : { nodeAddress }) }),
    ),
    ...(cni === undefined ? [] : [file(CNI_CONFIG_PATH, cni)]),
    { path: JOIN_SCRIPT_PATH, permissions: '0755', content: joinScript({ bootUrl, artifacts: cluster.artifacts }) },
  ];
}

function file(path: string, content: string): NodeFile {
  return { path, permissions: '0644', content };
}

function withFinalNewline(text: string): string {
  return `${text.trimEnd()}\n`;
}
