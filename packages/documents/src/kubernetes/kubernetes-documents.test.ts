// The files a kubelet reads, in full, for the oldest version we install and for a current one.
import { expect, test } from 'vitest';
import { bootstrapKubeconfig } from './bootstrap-kubeconfig.ts';
import { cniConfig } from './cni-config.ts';
import { kubeletConfig } from './kubelet-config.ts';
import { kubeletUnit } from './kubelet-unit.ts';
import { isAtLeast, parseKubernetesVersion } from './kubernetes-version.ts';
import { labelsKubeletMaySet } from './node-labels.ts';

const old = { major: 1, minor: 20, patch: 2 };
const current = { major: 1, minor: 36, patch: 4 };

test('versions', () => {
  expect(parseKubernetesVersion('v1.20.2')).toEqual(old);
  expect(parseKubernetesVersion('1.36.4')).toEqual(current);
  expect(parseKubernetesVersion('1.36')).toBeUndefined();
  expect(parseKubernetesVersion('v1.37.0-rc.1')).toBeUndefined();
  expect([isAtLeast(old, 1, 20), isAtLeast(old, 1, 21), isAtLeast(current, 1, 21)]).toEqual([true, false, true]);
});

test('the bootstrap kubeconfig', () => {
  expect(
    bootstrapKubeconfig({ apiServerUrl: 'https://10.77.0.10:6443', token: { id: 'abcdef', secret: '0123456789abcdef' } }),
  ).toBe(`apiVersion: v1
kind: Config
clusters:
  - name: cluster
    cluster:
      server: "https://10.77.0.10:6443"
      certificate-authority: /etc/kubernetes/pki/ca.crt
users:
  - name: kubelet-bootstrap
    user:
      token: abcdef.0123456789abcdef
contexts:
  - name: bootstrap
    context:
      cluster: cluster
      user: kubelet-bootstrap
current-context: bootstrap
`);
});

test('a current kubelet finds containerd by its file', () => {
  expect(kubeletConfig({ version: current, clusterDns: ['10.96.0.10'] })).toBe(`apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
authentication:
  anonymous:
    enabled: false
  webhook:
    enabled: true
  x509:
    clientCAFile: /etc/kubernetes/pki/ca.crt
authorization:
  mode: Webhook
cgroupDriver: systemd
clusterDNS:
  - "10.96.0.10"
clusterDomain: "cluster.local"
containerRuntimeEndpoint: unix:///run/containerd/containerd.sock
maxPods: 110
resolvConf: /run/systemd/resolve/resolv.conf
rotateCertificates: true
serverTLSBootstrap: true
shutdownGracePeriod: 60s
shutdownGracePeriodCriticalPods: 20s
staticPodPath: /etc/kubernetes/manifests
`);
});

test('1.20 knows neither the endpoint nor, without a gate, the shutdown', () => {
  const text = kubeletConfig({ version: old, clusterDns: [] });
  expect(text).not.toContain('containerRuntimeEndpoint');
  expect(text).not.toContain('shutdownGracePeriod');
  expect(text).not.toContain('clusterDNS');
});

test("1.20's kubelet is told not to look for Docker", () => {
  expect(
    kubeletUnit({
      version: old,
      nodeName: 'r1-u05',
      nodeAddress: '10.77.0.31',
      labels: { 'rackwright.dev/server-id': 'srv_1', 'topology.kubernetes.io/zone': 'r1', 'node-role.kubernetes.io/worker': '' },
    }),
  ).toBe(`[Unit]
Description=kubelet: runs this node's pods
Documentation=https://kubernetes.io/docs/
After=containerd.service network-online.target
Wants=network-online.target
Requires=containerd.service
StartLimitIntervalSec=0

[Service]
ExecStart=/usr/local/bin/kubelet \\
  --config=/var/lib/kubelet/config.yaml \\
  --bootstrap-kubeconfig=/etc/kubernetes/bootstrap-kubeconfig \\
  --kubeconfig=/etc/kubernetes/kubelet.conf \\
  --hostname-override=r1-u05 \\
  --node-ip=10.77.0.31 \\
  --node-labels=rackwright.dev/server-id=srv_1,topology.kubernetes.io/zone=r1 \\
  --container-runtime=remote \\
  --container-runtime-endpoint=unix:///run/containerd/containerd.sock \\
  --pod-infra-container-image=localhost/rackwright/pause:1
Restart=always
RestartSec=5
KillMode=process

[Install]
WantedBy=multi-user.target
`);
});

test.each([
  [{ major: 1, minor: 25, patch: 0 }, ['--container-runtime-endpoint=unix:///run/containerd/containerd.sock']],
  [current, []],
] as const)('runtime flags of %j', (version, flags) => {
  const unit = kubeletUnit({ version, nodeName: 'n' });
  expect(unit.match(/--container-runtime\S*/g) ?? []).toEqual(flags);
});

test('labels that a kubelet may not set itself are left to us', () => {
  expect(
    labelsKubeletMaySet({
      plain: '1',
      'rackwright.dev/rack': 'r1',
      'topology.kubernetes.io/zone': 'r1',
      'node.kubernetes.io/pool': 'a',
      'x.kubelet.kubernetes.io/y': 'b',
      'node-role.kubernetes.io/worker': '',
      'node-restriction.kubernetes.io/secure': '1',
      'cluster.k8s.io/x': '1',
      'notkubernetes.io/x': '1',
    }),
  ).toEqual({
    plain: '1',
    'rackwright.dev/rack': 'r1',
    'topology.kubernetes.io/zone': 'r1',
    'node.kubernetes.io/pool': 'a',
    'x.kubelet.kubernetes.io/y': 'b',
    'notkubernetes.io/x': '1',
  });
});

test('a bridge with a range of its own, and none where a DaemonSet brings the network', () => {
  expect(cniConfig({ kind: 'external' })).toBeUndefined();
  expect(cniConfig({ kind: 'bridge', podCidr: '10.244.5.0/24', mtu: 1450 })).toBe(`{
  "cniVersion": "0.4.0",
  "name": "rackwright",
  "plugins": [
    {
      "type": "bridge",
      "bridge": "cni0",
      "isGateway": true,
      "ipMasq": true,
      "hairpinMode": true,
      "mtu": 1450,
      "ipam": {
        "type": "host-local",
        "ranges": [
          [
            {
              "subnet": "10.244.5.0/24"
            }
          ]
        ],
        "routes": [
          {
            "dst": "0.0.0.0/0"
          }
        ]
      }
    },
    {
      "type": "portmap",
      "capabilities": {
        "portMappings": true
      }
    }
  ]
}
`);
  expect(cniConfig({ kind: 'ptp', podCidr: '10.244.5.0/24' })).toContain('"type": "ptp"');
});
