// The command lines of a test control plane: light, on few ports, and the same from Kubernetes 1.20 to today.
import { join } from 'node:path';

export type Place = {
  dir: string;
  address: string;
  port: number;
  etcdPort: number;
  etcdPeerPort: number;
};

export function etcdArguments({ dir, etcdPort, etcdPeerPort }: Place): string[] {
  const client = `http://127.0.0.1:${etcdPort}`;
  const peer = `http://127.0.0.1:${etcdPeerPort}`;
  return [
    '--name=test',
    `--data-dir=${join(dir, 'etcd')}`,
    `--listen-client-urls=${client}`,
    `--advertise-client-urls=${client}`,
    `--listen-peer-urls=${peer}`,
    `--initial-advertise-peer-urls=${peer}`,
    `--initial-cluster=test=${peer}`,
    // What a power cut would lose no test wants back; the disk of a test machine is slow.
    '--unsafe-no-fsync',
  ];
}

export function apiServerArguments({ dir, address, port, etcdPort }: Place): string[] {
  return [
    `--etcd-servers=http://127.0.0.1:${etcdPort}`,
    `--bind-address=${address}`,
    `--advertise-address=${address}`,
    `--secure-port=${port}`,
    // The endpoints of service `kubernetes` may not be a loopback address, and no pod asks for them.
    '--endpoint-reconciler-type=none',
    `--tls-cert-file=${join(dir, 'server.crt')}`,
    `--tls-private-key-file=${join(dir, 'server.key')}`,
    `--client-ca-file=${join(dir, 'ca.crt')}`,
    `--token-auth-file=${join(dir, 'tokens.csv')}`,
    '--enable-bootstrap-token-auth=true',
    '--authorization-mode=Node,RBAC',
    '--enable-admission-plugins=NodeRestriction',
    '--service-cluster-ip-range=10.96.0.0/16',
    '--service-account-issuer=https://kubernetes.default.svc',
    `--service-account-key-file=${join(dir, 'sa.pub')}`,
    `--service-account-signing-key-file=${join(dir, 'sa.key')}`,
    '--allow-privileged=true',
    '--profiling=false',
  ];
}

export function controllerManagerArguments({ dir }: Place, nodeGraceSeconds: number): string[] {
  const kubeconfig = join(dir, 'admin.kubeconfig');
  return [
    `--kubeconfig=${kubeconfig}`,
    `--authentication-kubeconfig=${kubeconfig}`,
    `--authorization-kubeconfig=${kubeconfig}`,
    '--secure-port=0', // nobody asks it for its health
    // bootstrapsigner and tokencleaner are off unless named.
    '--controllers=*,bootstrapsigner,tokencleaner',
    '--leader-elect=false',
    `--node-monitor-grace-period=${nodeGraceSeconds}s`,
    `--node-monitor-period=${Math.min(5, Math.ceil(nodeGraceSeconds / 4))}s`,
    `--cluster-signing-cert-file=${join(dir, 'ca.crt')}`,
    `--cluster-signing-key-file=${join(dir, 'ca.key')}`,
    `--root-ca-file=${join(dir, 'ca.crt')}`,
    `--service-account-private-key-file=${join(dir, 'sa.key')}`,
    '--profiling=false',
  ];
}
