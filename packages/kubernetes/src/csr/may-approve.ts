// Decides whether a kubelet's serving certificate may be signed. Kubernetes itself never approves these, because it
// cannot know which names and addresses are the node's own; our inventory does.
import type { ExpectedNode } from '../cluster-api.ts';

/** A CertificateSigningRequest of signer kubernetes.io/kubelet-serving, its PKCS#10 taken apart. */
export type ServingRequest = {
  /** Who sent it, as the API server authenticated them. */
  username: string;
  groups: string[];
  usages: string[];
  /** The requester holds the key: the PKCS#10's own signature is right. */
  signatureValid: boolean;
  subject: { commonNames: string[]; organizations: string[]; others: string[] };
  dnsNames: string[];
  ipAddresses: string[];
  /** URIs, e-mail addresses and whatever else stands among the alternative names. */
  otherNames: string[];
};

export type Verdict = { approve: true } | { approve: false; reason: string };

const NODE_USER = 'system:node:';
const NODE_GROUP = 'system:nodes';
const USAGES = new Set(['digital signature', 'key encipherment', 'server auth']);

export function nodeNameOf(username: string): string | undefined {
  return username.startsWith(NODE_USER) ? username.slice(NODE_USER.length) : undefined;
}

/** All rules of "kubelet TLS bootstrapping" for kubelet-serving, and the names against the inventory. */
export function mayApprove(request: ServingRequest, expected: ExpectedNode[]): Verdict {
  const reason = whyNot(request, expected);
  return reason === undefined ? { approve: true } : { approve: false, reason };
}

function whyNot(request: ServingRequest, expected: ExpectedNode[]): string | undefined {
  const nodeName = nodeNameOf(request.username);
  if (nodeName === undefined) return `${request.username} is no node`;
  if (!request.groups.includes(NODE_GROUP)) return `${request.username} is not in ${NODE_GROUP}`;
  const node = expected.find((candidate) => candidate.nodeName === nodeName);
  if (node === undefined) return `node ${nodeName} is not expected`;
  const usage = request.usages.find((asked) => !USAGES.has(asked));
  if (usage !== undefined) return `usage ${usage} is not for serving`;
  if (!request.usages.includes('server auth')) return 'usage server auth is missing';
  if (!request.signatureValid) return 'the request is not signed by its own key';
  return whyNotSubject(request) ?? whyNotNames(request, node);
}

function whyNotSubject({ subject, username }: ServingRequest): string | undefined {
  const { commonNames, organizations, others } = subject;
  if (commonNames.length !== 1 || commonNames[0] !== username) return `common name is ${say(commonNames)}, not ${username}`;
  if (organizations.length !== 1 || organizations[0] !== NODE_GROUP) return `organization is ${say(organizations)}`;
  if (others.length > 0) return `subject also has ${say(others)}`;
  return undefined;
}

function whyNotNames(request: ServingRequest, node: ExpectedNode): string | undefined {
  if (request.otherNames.length > 0) return `names other than DNS and IP: ${say(request.otherNames)}`;
  if (request.dnsNames.length + request.ipAddresses.length === 0) return 'it names no DNS name and no address';
  const names = new Set([node.nodeName, ...node.dnsNames].map((name) => name.toLowerCase()));
  const strangeName = request.dnsNames.find((name) => !names.has(name.toLowerCase()));
  if (strangeName !== undefined) return `DNS name ${strangeName} is not of node ${node.nodeName}`;
  const addresses = new Set(node.ipAddresses.map(oneSpelling));
  const strangeIp = request.ipAddresses.find((address) => !addresses.has(oneSpelling(address)));
  if (strangeIp !== undefined) return `address ${strangeIp} is not of node ${node.nodeName}`;
  return undefined;
}

/** IPv6 has many spellings of one address; the URL parser (WHATWG) knows the canonical one. */
function oneSpelling(address: string): string {
  if (!address.includes(':')) return address;
  const url = `http://[${address}]/`;
  return URL.canParse(url) ? new URL(url).hostname.slice(1, -1) : address;
}

/** Names come from a stranger: few and short in what people read. */
function say(values: string[]): string {
  return values.length === 0 ? 'empty' : values.slice(0, 3).join(', ').slice(0, 200);
}
