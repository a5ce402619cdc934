// What a seed tells a machine to become, as its cloud-init and its kubelet would read it.
import { parse } from 'yaml';
import type { SeedFiles } from './disks.ts';

export type NodePlan = {
  instanceId: string;
  hostname: string;
  network: { kind: 'dhcp'; clientId: 'mac' | 'duid' } | { kind: 'static'; address: string };
  phoneHome: { url: string; post: string[] } | undefined;
  join: JoinPlan | undefined;
};

export type JoinPlan = {
  bootUrl: string;
  artifacts: { name: string; sha256: string }[];
  apiServerUrl: string;
  bootstrapToken: string;
  caPem: string;
  nodeName: string;
  nodeAddress: string | undefined;
  labels: Record<string, string>;
  kubeletVersion: string | undefined;
};

type UserData = {
  hostname?: string;
  write_files?: { path: string; content: string }[];
  runcmd?: unknown[];
  phone_home?: { url: string; post: string[] };
};
type NetworkConfig = { ethernets?: Record<string, { dhcp4?: boolean; 'dhcp-identifier'?: string; addresses?: string[] }> };
type Kubeconfig = {
  clusters?: { cluster: { server: string; 'certificate-authority'?: string } }[];
  users?: { user: { token?: string } }[];
};

/** Undefined for an empty seed: cloud-init then runs without a source of data. Throws what the YAML reader throws. */
export function readNodePlan(seed: SeedFiles): NodePlan | undefined {
  const metaData = parse(seed.get('meta-data') ?? '') as { 'instance-id'?: string; 'local-hostname'?: string } | null;
  const instanceId = metaData?.['instance-id'];
  if (instanceId === undefined) return undefined;
  const userData = (parse(seed.get('user-data') ?? '') ?? {}) as UserData;
  const files = new Map((userData.write_files ?? []).map(({ path, content }) => [path, content]));
  return {
    instanceId,
    hostname: userData.hostname ?? metaData?.['local-hostname'] ?? 'localhost',
    network: readNetwork((parse(seed.get('network-config') ?? '') ?? {}) as NetworkConfig),
    phoneHome: userData.phone_home,
    join: userData.runcmd === undefined ? undefined : readJoin(files),
  };
}

function readNetwork({ ethernets = {} }: NetworkConfig): NodePlan['network'] {
  const [nic] = Object.values(ethernets);
  const address = nic?.addresses?.[0]?.replace(/\/\d+$/, '');
  if (!nic?.dhcp4 && address !== undefined) return { kind: 'static', address };
  return { kind: 'dhcp', clientId: nic?.['dhcp-identifier'] === 'mac' ? 'mac' : 'duid' };
}

function readJoin(files: ReadonlyMap<string, string>): JoinPlan | undefined {
  const kubeconfig = parse(files.get('/etc/kubernetes/bootstrap-kubeconfig') ?? '') as Kubeconfig | null;
  const cluster = kubeconfig?.clusters?.[0]?.cluster;
  const bootstrapToken = kubeconfig?.users?.[0]?.user.token;
  if (!cluster || bootstrapToken === undefined) return undefined;
  const unit = files.get('/etc/systemd/system/kubelet.service') ?? '';
  const flag = (name: string) => new RegExp(`--${name}=(\\S+)`).exec(unit)?.[1];
  const script = [...files.values()].find((content) => content.startsWith('#!')) ?? '';
  const artifacts = [...script.matchAll(/^install_program '([^']+)' '([0-9a-f]{64})'/gm)].map(([, name = '', sha256 = '']) => ({
    name,
    sha256,
  }));
  return {
    bootUrl: /^boot=(\S+)$/m.exec(script)?.[1] ?? '',
    artifacts,
    apiServerUrl: cluster.server,
    bootstrapToken,
    caPem: files.get(cluster['certificate-authority'] ?? '') ?? '',
    nodeName: flag('hostname-override') ?? 'localhost',
    nodeAddress: flag('node-ip'),
    labels: Object.fromEntries((flag('node-labels') ?? '').split(',').flatMap((pair) => (pair ? [splitLabel(pair)] : []))),
    kubeletVersion: /v\d+\.\d+\.\d+/.exec(artifacts.find(({ name }) => name.includes('kubelet'))?.name ?? '')?.[0],
  };
}

function splitLabel(pair: string): [string, string] {
  const equals = pair.indexOf('=');
  return [pair.slice(0, equals), pair.slice(equals + 1)];
}
