// The rules for serving certificates, one line each: what is changed in a good request, and why it is refused.
import { describe, expect, test } from 'vitest';
import { mayApprove, type ServingRequest } from './may-approve.ts';

const node = { nodeName: 'n1', dnsNames: ['n1.rack.example'], ipAddresses: ['10.0.0.1', 'fd00::1'] };
const other = { nodeName: 'n2', dnsNames: [], ipAddresses: ['10.0.0.2'] };

const good: ServingRequest = {
  username: 'system:node:n1',
  groups: ['system:nodes', 'system:authenticated'],
  usages: ['digital signature', 'key encipherment', 'server auth'],
  signatureValid: true,
  subject: { commonNames: ['system:node:n1'], organizations: ['system:nodes'], others: [] },
  dnsNames: ['n1'],
  ipAddresses: ['10.0.0.1'],
  otherNames: [],
};

const subject = good.subject;

const approved: [what: string, change: Partial<ServingRequest>][] = [
  ['the node name and one address', {}],
  ['every name and address of the inventory', { dnsNames: ['n1', 'n1.rack.example'], ipAddresses: ['10.0.0.1', 'fd00::1'] }],
  ['addresses alone', { dnsNames: [] }],
  ['names alone', { ipAddresses: [] }],
  ['a name in capitals', { dnsNames: ['N1.Rack.Example'] }],
  ['an IPv6 address spelled out', { ipAddresses: ['fd00:0:0:0:0:0:0:0001'] }],
  ['fewer usages (an ECDSA key enciphers nothing)', { usages: ['digital signature', 'server auth'] }],
];

const refused: [what: string, change: Partial<ServingRequest>, because: string][] = [
  ['a bootstrap token asks', { username: 'system:bootstrap:abcdef' }, 'system:bootstrap:abcdef is no node'],
  ['an administrator asks', { username: 'admin' }, 'admin is no node'],
  ['not in the nodes group', { groups: ['system:authenticated'] }, 'system:node:n1 is not in system:nodes'],
  ['a node we do not expect', { username: 'system:node:n9' }, 'node n9 is not expected'],
  ['a node without a name', { username: 'system:node:' }, 'node  is not expected'],
  ['client usage', { usages: [...good.usages, 'client auth'] }, 'usage client auth is not for serving'],
  ['certificate signing usage', { usages: ['server auth', 'cert sign'] }, 'usage cert sign is not for serving'],
  ['no server usage', { usages: ['digital signature'] }, 'usage server auth is missing'],
  ['no usage at all', { usages: [] }, 'usage server auth is missing'],
  ['signed by another key', { signatureValid: false }, 'the request is not signed by its own key'],
  [
    'another common name',
    { subject: { ...subject, commonNames: ['system:node:n2'] } },
    'common name is system:node:n2, not system:node:n1',
  ],
  [
    'two common names',
    { subject: { ...subject, commonNames: ['system:node:n1', 'admin'] } },
    'common name is system:node:n1, admin, not system:node:n1',
  ],
  ['no common name', { subject: { ...subject, commonNames: [] } }, 'common name is empty, not system:node:n1'],
  [
    'the masters as organization',
    { subject: { ...subject, organizations: ['system:masters'] } },
    'organization is system:masters',
  ],
  [
    'the masters as second organization',
    { subject: { ...subject, organizations: ['system:nodes', 'system:masters'] } },
    'organization is system:nodes, system:masters',
  ],
  ['more in the subject', { subject: { ...subject, others: ['OU=x'] } }, 'subject also has OU=x'],
  ['a URI', { otherNames: ['url spiffe://x'] }, 'names other than DNS and IP: url spiffe://x'],
  ['no names', { dnsNames: [], ipAddresses: [] }, 'it names no DNS name and no address'],
  ["the neighbour's name", { dnsNames: ['n1', 'n2'] }, 'DNS name n2 is not of node n1'],
  ["the API server's name", { dnsNames: ['kubernetes.default.svc'] }, 'DNS name kubernetes.default.svc is not of node n1'],
  ['a wildcard', { dnsNames: ['*.rack.example'] }, 'DNS name *.rack.example is not of node n1'],
  ["the neighbour's address", { ipAddresses: ['10.0.0.2'] }, 'address 10.0.0.2 is not of node n1'],
  ['an address that begins like ours', { ipAddresses: ['10.0.0.10'] }, 'address 10.0.0.10 is not of node n1'],
  ['another IPv6 address', { ipAddresses: ['fd00::2'] }, 'address fd00::2 is not of node n1'],
];

describe('approves', () => {
  test.each(approved)('%s', (_, change) => {
    expect(mayApprove({ ...good, ...change }, [other, node])).toEqual({ approve: true });
  });
});

describe('refuses', () => {
  test.each(refused)('%s', (_, change, reason) => {
    expect(mayApprove({ ...good, ...change }, [other, node])).toEqual({ approve: false, reason });
  });
});
