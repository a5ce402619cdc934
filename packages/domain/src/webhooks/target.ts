// Where a webhook may be sent: whoever may name an address must not thereby reach what only we can reach (SSRF).
import { type IpAddress, type IpNetwork, isInNetwork, readIp, readIpNetwork } from './ip-networks.ts';

export type TargetPolicy = {
  /** Networks that are reached although they are not public: receivers in a data centre usually are not. */
  allowNetworks: readonly IpNetwork[];
  allowHttp: boolean;
};

export const PUBLIC_TARGETS_ONLY: TargetPolicy = { allowNetworks: [], allowHttp: false };

/** Everything that is not the public internet (IANA special-purpose registries, RFC 6890), and what hides an IPv4 address in IPv6. */
const NOT_PUBLIC = [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16', // Link-local: also the metadata of clouds.
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.168.0.0/16',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/3', // Multicast, reserved, broadcast.
  '::/8', // Unspecified, loopback, IPv4-mapped and -compatible.
  '64:ff9b::/96',
  '64:ff9b:1::/48',
  '100::/64',
  '2001::/23', // Teredo among them.
  '2001:db8::/32',
  '2002::/16',
  'fc00::/7',
  'fe80::/9', // Link-local and the old site-local.
  'ff00::/8',
].map((text) => readIpNetwork(text) ?? neverWrong(text));

const MAPPED: IpNetwork = readIpNetwork('::ffff:0:0/96') ?? neverWrong('::ffff:0:0/96');

export type TargetRefusal = { why: 'not_a_url' | 'not_https' | 'credentials_in_url' | 'private_address'; host: string };

/** What the text alone says; a name is judged again by its addresses when we connect. Undefined: nothing against it. */
export function refuseTarget(url: string, policy: TargetPolicy): TargetRefusal | undefined {
  const parsed = parse(url);
  if (!parsed) return { why: 'not_a_url', host: '' };
  const host = parsed.hostname.replace(/^\[(.*)\]$/, '$1').replace(/\.$/, '');
  if (parsed.protocol !== 'https:' && !(parsed.protocol === 'http:' && policy.allowHttp)) return { why: 'not_https', host };
  if (parsed.username !== '' || parsed.password !== '') return { why: 'credentials_in_url', host };
  const literal = /(^|\.)localhost$/i.test(host) ? '127.0.0.1' : host;
  if (readIp(literal) && !isAllowedAddress(literal, policy)) return { why: 'private_address', host };
  return undefined;
}

/** May we connect to this address? What is no address is not. */
export function isAllowedAddress(address: string, { allowNetworks }: TargetPolicy): boolean {
  const given = readIp(address.replace(/%.*$/, ''));
  if (!given) return false;
  // An IPv4 address in IPv6 clothes is the IPv4 address: the kernel connects to it as such.
  const ip: IpAddress = isInNetwork(given, MAPPED) ? { family: 4, value: given.value & 0xffffffffn } : given;
  if (allowNetworks.some((network) => isInNetwork(ip, network))) return true;
  return !NOT_PUBLIC.some((network) => isInNetwork(ip, network));
}

function parse(url: string): URL | undefined {
  return URL.canParse(url) ? new URL(url) : undefined;
}

function neverWrong(text: string): never {
  throw new Error(`${text} is no network`);
}
