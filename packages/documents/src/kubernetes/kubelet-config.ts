// The kubelet's configuration file (kubelet.config.k8s.io/v1beta1), which has the same fields on every node of a cluster.
import { isAtLeast, type KubernetesVersion } from './kubernetes-version.ts';
import { CA_PATH, CONTAINERD_SOCKET } from './node-paths.ts';

export type KubeletConfig = {
  version: KubernetesVersion;
  clusterDns: readonly string[];
  clusterDomain?: string;
  maxPods?: number;
};

export function kubeletConfig({ version, clusterDns, clusterDomain = 'cluster.local', maxPods = 110 }: KubeletConfig): string {
  const lines = [
    'apiVersion: kubelet.config.k8s.io/v1beta1',
    'kind: KubeletConfiguration',
    'authentication:',
    '  anonymous:',
    '    enabled: false',
    '  webhook:',
    '    enabled: true',
    '  x509:',
    `    clientCAFile: ${CA_PATH}`,
    'authorization:',
    '  mode: Webhook',
    // As in the image's containerd (SystemdCgroup = true): two managers of one tree end in evictions.
    'cgroupDriver: systemd',
    ...(clusterDns.length === 0 ? [] : ['clusterDNS:', ...clusterDns.map((address) => `  - ${JSON.stringify(address)}`)]),
    `clusterDomain: ${JSON.stringify(clusterDomain)}`,
    // In the file since 1.27; before that a flag (kubelet-unit.ts).
    ...(isAtLeast(version, 1, 27) ? [`containerRuntimeEndpoint: ${CONTAINERD_SOCKET}`] : []),
    `maxPods: ${maxPods}`,
    // The stub resolver at 127.0.0.53 cannot be reached from a pod.
    'resolvConf: /run/systemd/resolve/resolv.conf',
    'rotateCertificates: true',
    // The serving certificate is asked for, and approved against the inventory; self-signed ones prove nothing.
    'serverTLSBootstrap: true',
    // 1.20 refuses these two without a feature gate.
    ...(isAtLeast(version, 1, 21) ? ['shutdownGracePeriod: 60s', 'shutdownGracePeriodCriticalPods: 20s'] : []),
    'staticPodPath: /etc/kubernetes/manifests',
  ];
  return `${lines.join('\n')}\n`;
}
