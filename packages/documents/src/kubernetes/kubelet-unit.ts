// The kubelet's systemd unit: what stands in no configuration file, or did not in this version.
import { isAtLeast, type KubernetesVersion } from './kubernetes-version.ts';
import { labelsKubeletMaySet } from './node-labels.ts';
import {
  BINARIES_FOLDER,
  BOOTSTRAP_KUBECONFIG_PATH,
  CONTAINERD_SOCKET,
  KUBELET_CONFIG_PATH,
  KUBELET_KUBECONFIG_PATH,
} from './node-paths.ts';

export type KubeletUnit = {
  version: KubernetesVersion;
  nodeName: string;
  /** The address other nodes reach it at; absent: the kubelet takes the default route's. */
  nodeAddress?: string;
  labels?: Readonly<Record<string, string>>;
};

export function kubeletUnit({ version, nodeName, nodeAddress, labels = {} }: KubeletUnit): string {
  const nodeLabels = Object.entries(labelsKubeletMaySet(labels)).map(([key, value]) => `${key}=${value}`);
  const flags = [
    `--config=${KUBELET_CONFIG_PATH}`,
    `--bootstrap-kubeconfig=${BOOTSTRAP_KUBECONFIG_PATH}`,
    `--kubeconfig=${KUBELET_KUBECONFIG_PATH}`,
    `--hostname-override=${nodeName}`,
    ...(nodeAddress === undefined ? [] : [`--node-ip=${nodeAddress}`]),
    ...(nodeLabels.length === 0 ? [] : [`--node-labels=${nodeLabels.toSorted().join(',')}`]),
    ...runtimeFlags(version),
  ];
  return `[Unit]
Description=kubelet: runs this node's pods
Documentation=https://kubernetes.io/docs/
After=containerd.service network-online.target
Wants=network-online.target
Requires=containerd.service
StartLimitIntervalSec=0

[Service]
ExecStart=${BINARIES_FOLDER}/kubelet \\
${flags.map((flag) => `  ${flag}`).join(' \\\n')}
Restart=always
RestartSec=5
KillMode=process

[Install]
WantedBy=multi-user.target
`;
}

/** Before 1.24 the kubelet would look for Docker; since 1.27 the endpoint stands in the configuration file and the first flag is gone. */
function runtimeFlags(version: KubernetesVersion): string[] {
  if (isAtLeast(version, 1, 27)) return [];
  // The node image carries this one; before 1.27 the kubelet's image collection spares only what this flag names.
  const pause = '--pod-infra-container-image=localhost/rackwright/pause:1';
  const endpoint = `--container-runtime-endpoint=${CONTAINERD_SOCKET}`;
  return isAtLeast(version, 1, 24) ? [endpoint, pause] : ['--container-runtime=remote', endpoint, pause];
}
