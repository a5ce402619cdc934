// meta-data, network-config and the user-data of a host without a cluster, in full.
import { expect, test } from 'vitest';
import { metaData } from './meta-data.ts';
import { networkConfig } from './network-config.ts';
import { nodeUserData } from './user-data.ts';
import { literalBlock } from './yaml-text.ts';

test('meta-data', () => {
  expect(metaData({ instanceId: 'srv_1-op_1', hostname: 'r1-u05' })).toBe(
    'instance-id: "srv_1-op_1"\nlocal-hostname: "r1-u05"\n',
  );
});

test('by DHCP, known by its MAC', () => {
  expect(networkConfig({ kind: 'dhcp', mac: '52:54:00:00:00:01' })).toBe(`version: 2
ethernets:
  boot:
    match:
      macaddress: "52:54:00:00:00:01"
    dhcp4: true
    dhcp-identifier: mac
    dhcp6: false
    accept-ra: false
`);
});

test('with the reserved address', () => {
  expect(
    networkConfig({
      kind: 'static',
      mac: '52:54:00:00:00:01',
      address: '10.77.0.31/24',
      gateway: '10.77.0.254',
      nameServers: ['10.77.0.2', '10.77.0.3'],
    }),
  ).toBe(`version: 2
ethernets:
  boot:
    match:
      macaddress: "52:54:00:00:00:01"
    dhcp4: false
    addresses:
      - "10.77.0.31/24"
    routes:
      - to: default
        via: "10.77.0.254"
    nameservers:
      addresses:
        - "10.77.0.2"
        - "10.77.0.3"
    dhcp6: false
    accept-ra: false
`);
});

test('a host without a cluster boots, lets its people in and calls home', () => {
  expect(
    nodeUserData({ hostname: 'r1-u05', bootUrl: 'http://10.77.0.1:8081', sshKeys: ['ssh-ed25519 AAAA ops'] }),
  ).toBe(`#cloud-config
hostname: "r1-u05"
preserve_hostname: false
manage_etc_hosts: true
ssh_pwauth: false
ssh_genkeytypes: [ed25519]
ssh_authorized_keys:
  - "ssh-ed25519 AAAA ops"
phone_home:
  url: "http://10.77.0.1:8081/nocloud/phone-home"
  post: [instance_id, hostname, fqdn]
  tries: 20
final_message: "rackwright: cloud-init finished after $UPTIME s"
`);
});

test.each([
  ['a\n\nb\n', 'k: |\n  a\n\n  b\n'],
  [' leading space\n', 'k: " leading space\\n"\n'],
  ['no newline', 'k: "no newline"\n'],
  ['two newlines\n\n', 'k: "two newlines\\n\\n"\n'],
  ['ünicode\n', 'k: "ünicode\\n"\n'],
])('%j as a YAML value', (text, expected) => expect(literalBlock('k', text, 0)).toBe(expected));
