// cloud-init's user-data for a node: files, one program to run, and a call home. For the image that scripts/node-image builds.
import { type ClusterMembership, JOIN_SCRIPT_PATH, nodeFiles } from './node-files.ts';
import { literalBlock, quoted } from './yaml-text.ts';

export type NodeUserData = {
  hostname: string;
  /** The address that its kubelet announces; absent: the kubelet takes the default route's. */
  nodeAddress?: string;
  /** Where the boot app answers, without a slash at the end. */
  bootUrl: string;
  sshKeys: readonly string[];
  /** Absent: a host without a cluster. */
  cluster?: ClusterMembership;
};

/** Holds the bootstrap token: whoever reads it may join as this node. */
export function nodeUserData(node: NodeUserData): string {
  const { hostname, bootUrl, sshKeys, cluster } = node;
  const files = cluster === undefined ? [] : nodeFiles({ ...node, cluster });
  return [
    '#cloud-config\n',
    `hostname: ${quoted(hostname)}\n`,
    'preserve_hostname: false\n',
    'manage_etc_hosts: true\n',
    'ssh_pwauth: false\n',
    'ssh_genkeytypes: [ed25519]\n',
    ...(sshKeys.length === 0 ? [] : ['ssh_authorized_keys:\n', ...sshKeys.map((key) => `  - ${quoted(key)}\n`)]),
    ...(files.length === 0 ? [] : ['write_files:\n', ...files.map(writtenFile)]),
    ...(files.length === 0 ? [] : ['runcmd:\n', `  - [${JOIN_SCRIPT_PATH}]\n`]),
    'phone_home:\n',
    `  url: ${quoted(`${bootUrl}/nocloud/phone-home`)}\n`,
    '  post: [instance_id, hostname, fqdn]\n',
    '  tries: 20\n',
    'final_message: "rackwright: cloud-init finished after $UPTIME s"\n',
  ].join('');
}

function writtenFile({ path, permissions, content }: { path: string; permissions: string; content: string }): string {
  return [`  - path: ${path}\n`, `    permissions: ${quoted(permissions)}\n`, literalBlock('content', content, 4)].join('');
}
