// A node's user-data, in full, and that a YAML reader sees the same files as we meant.
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { nodeFiles } from './node-files.ts';
import { nodeUserData } from './user-data.ts';

const cluster = {
  version: { major: 1, minor: 20, patch: 2 },
  apiServerUrl: 'https://10.77.0.10:6443',
  caPem: '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n',
  token: { id: 'abcdef', secret: '0123456789abcdef' },
  clusterDns: ['10.96.0.10'],
  podNetwork: { kind: 'bridge', podCidr: '10.244.5.0/24' },
  labels: { 'rackwright.dev/server-id': 'srv_1' },
  artifacts: [
    { name: 'kubelet-v1.20.2-amd64', sha256: 'a'.repeat(64), program: 'kubelet' },
    { name: 'kubeadm-v1.20.2-amd64', sha256: 'b'.repeat(64), program: 'kubeadm' },
  ],
} as const;
const node = { hostname: 'r1-u05', nodeAddress: '10.77.0.31', bootUrl: 'http://10.77.0.1:8081', sshKeys: [], cluster };

test('the whole document', () => {
  expect(nodeUserData(node)).toBe(EXPECTED);
});

test('a YAML reader finds the files as they were meant', () => {
  const document = parse(nodeUserData(node)) as { write_files: { path: string; permissions: string; content: string }[] };
  expect(document.write_files).toEqual(nodeFiles({ ...node, cluster }));
});

const EXPECTED = `#cloud-config
hostname: "r1-u05"
preserve_hostname: false
manage_etc_hosts: true
ssh_pwauth: false
ssh_genkeytypes: [ed25519]
write_files:
  - path: /etc/modules-load.d/kubernetes.conf
    permissions: "0644"
    content: |
      overlay
      br_netfilter
  - path: /etc/sysctl.d/90-kubernetes.conf
    permissions: "0644"
    content: |
      net.ipv4.ip_forward = 1
      net.bridge.bridge-nf-call-iptables = 1
      net.bridge.bridge-nf-call-ip6tables = 1
      vm.overcommit_memory = 1
      kernel.panic = 10
      kernel.panic_on_oops = 1
      fs.inotify.max_user_instances = 8192
  - path: /etc/kubernetes/pki/ca.crt
    permissions: "0644"
    content: |
      -----BEGIN CERTIFICATE-----
      MIIB
      -----END CERTIFICATE-----
  - path: /etc/kubernetes/bootstrap-kubeconfig
    permissions: "0600"
    content: |
      apiVersion: v1
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
  - path: /var/lib/kubelet/config.yaml
    permissions: "0644"
    content: |
      apiVersion: kubelet.config.k8s.io/v1beta1
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
      maxPods: 110
      resolvConf: /run/systemd/resolve/resolv.conf
      rotateCertificates: true
      serverTLSBootstrap: true
      staticPodPath: /etc/kubernetes/manifests
  - path: /etc/systemd/system/kubelet.service
    permissions: "0644"
    content: |
      [Unit]
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
        --node-labels=rackwright.dev/server-id=srv_1 \\
        --container-runtime=remote \\
        --container-runtime-endpoint=unix:///run/containerd/containerd.sock \\
        --pod-infra-container-image=localhost/rackwright/pause:1
      Restart=always
      RestartSec=5
      KillMode=process

      [Install]
      WantedBy=multi-user.target
  - path: /etc/cni/net.d/10-rackwright.conflist
    permissions: "0644"
    content: |
      {
        "cniVersion": "0.4.0",
        "name": "rackwright",
        "plugins": [
          {
            "type": "bridge",
            "bridge": "cni0",
            "isGateway": true,
            "ipMasq": true,
            "hairpinMode": true,
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
  - path: /usr/local/sbin/rackwright-join
    permissions: "0755"
    content: |
      #!/bin/sh
      # Written by Rackwright: makes this machine a Kubernetes node. May be run again.
      set -u
      boot=http://10.77.0.1:8081

      say() {
        echo "rackwright: $*" >&2
        echo "rackwright: $*" >/dev/console 2>/dev/null || true
      }

      report() {
        curl --silent --show-error --max-time 20 --retry 5 --retry-all-errors -o /dev/null \\
          --data-urlencode "instance_id=$(cat /var/lib/cloud/data/instance-id)" \\
          --data-urlencode "hostname=$(hostname)" \\
          --data-urlencode "outcome=$1" --data-urlencode "code=$2" --data-urlencode "detail=$3" \\
          "$boot/nocloud/phone-home" || say "cannot reach $boot to report"
      }

      fail() {
        say "FAILED $1: $2"
        report failed "$1" "$2"
        exit 1
      }

      is_genuine() {
        [ -f "$1" ] && [ "$(sha256sum <"$1" | cut -d' ' -f1)" = "$2" ]
      }

      # Nothing is made executable, and nothing takes its place, before its checksum is right.
      install_program() {
        name=$1 sha256=$2 path=$3
        is_genuine "$path" "$sha256" && return
        say "fetching $name"
        rm -f "$path.part"
        curl --fail --silent --show-error --connect-timeout 10 --max-time 900 --retry 20 --retry-delay 3 --retry-all-errors \\
          -o "$path.part" "$boot/artifacts/$name" || fail artifact_unreachable "$boot/artifacts/$name"
        is_genuine "$path.part" "$sha256" || {
          got=$(sha256sum <"$path.part" | cut -d' ' -f1)
          rm -f "$path.part"
          fail artifact_checksum_mismatch "$name is $got, wanted $sha256"
        }
        chmod 0755 "$path.part"
        mv -f "$path.part" "$path"
      }

      swapoff -a
      sed -i '/[[:space:]]swap[[:space:]]/d' /etc/fstab
      for module in overlay br_netfilter; do
        modprobe "$module" || fail kernel_module_missing "$module"
      done
      sysctl --system >/dev/null || say 'WARNING: sysctl --system reports errors'
      install_program 'kubelet-v1.20.2-amd64' 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa' /usr/local/bin/kubelet
      install_program 'kubeadm-v1.20.2-amd64' 'bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb' /usr/local/bin/kubeadm
      systemctl daemon-reload
      systemctl enable --now containerd || fail containerd_not_started "$(systemctl is-active containerd)"
      systemctl enable kubelet || fail kubelet_not_enabled "see systemctl status kubelet"
      systemctl restart kubelet || fail kubelet_not_started "$(systemctl is-active kubelet)"
      say 'kubelet started'
      report kubelet_started '' ''
runcmd:
  - [/usr/local/sbin/rackwright-join]
phone_home:
  url: "http://10.77.0.1:8081/nocloud/phone-home"
  post: [instance_id, hostname, fqdn]
  tries: 20
final_message: "rackwright: cloud-init finished after $UPTIME s"
`;
