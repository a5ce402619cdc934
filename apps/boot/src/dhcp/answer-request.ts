// One DHCP request in, at most one reply out: everything the server decides, without a socket. RFC 2131 section 4.3.
import { decideBoot } from '@rackwright/domain/boot-decision/decide-boot.ts';
import type { DhcpPacket } from '@rackwright/protocols/dhcp/codec.ts';
import type { DhcpRequest } from '@rackwright/protocols/dhcp/read-request.ts';
import type { BootEntry, BootIndex } from '../boot-index.ts';
import { type BootNetwork, bootPolicy } from '../boot-network.ts';
import { type BootFields, bootFields, NO_BOOT, proxyFields } from './boot-options.ts';
import { buildReply, type ReplyParts, serverIdentifier } from './build-reply.ts';
import { chooseNetwork, isOnNetwork, NO_ADDRESS } from './choose-network.ts';
import { classifyClient } from './classify-client.ts';
import type { DhcpEvent } from './dhcp-events.ts';
import type { LeasePool } from './lease-pool.ts';

export type DhcpWorld = {
  networks: readonly BootNetwork[];
  /** The network that unrelayed packets come from. */
  localNetworkId: string | undefined;
  index: BootIndex;
  /** Only for networks in mode `pool`. */
  leases: (networkId: string) => LeasePool | undefined;
  /** Milliseconds since the epoch. */
  now: number;
};

/** Why nothing is said. Counted, so that an operator sees why a server gets no answer. */
export type Silence =
  | 'unknown_network'
  | 'network_off'
  | 'not_for_us'
  | 'no_address'
  | 'boot_ignored'
  | 'nothing_to_answer'
  | 'too_large';

export type Outcome = { events: DhcpEvent[]; network?: BootNetwork } & ({ reply: DhcpPacket } | { silent: Silence });

/** What is known about one request, gathered once and handed down. */
type Case = {
  world: DhcpWorld;
  network: BootNetwork;
  request: DhcpRequest;
  entry: BootEntry | undefined;
  boot: BootFields;
  events: DhcpEvent[];
};

/** @param port  `proxy`: it came to port 4011 */
export function answerRequest(world: DhcpWorld, request: DhcpRequest, port: 'dhcp' | 'proxy' = 'dhcp'): Outcome {
  const network = chooseNetwork(world.networks, world.localNetworkId, request);
  if (network === undefined) return { silent: 'unknown_network', events: [] };
  if (network.mode === 'off') return { silent: 'network_off', events: [], network };
  const client = classifyClient(request);
  const entry = world.index.byMac(request.mac);
  const decision = decideBoot(entry?.subject, { ...client, at: world.now, policy: bootPolicy(network) });
  const asksToBoot = client.stage !== 'os' && client.stage !== 'agent';
  const seen = { at: world.now, networkId: network.networkId, mac: request.mac };
  const events: DhcpEvent[] = [];
  if (entry === undefined) events.push({ ...seen, kind: 'unknown_server_seen', ...client, ...whereSeen(request) });
  else if (asksToBoot && request.messageType === 'request') {
    events.push({ ...seen, kind: 'boot_requested', serverId: entry.subject.serverId, stage: client.stage, decision });
  }
  if (asksToBoot && decision.kind === 'ignore') return { silent: 'boot_ignored', events, network };
  if (port === 'proxy' || network.mode === 'proxy') {
    if (!asksToBoot) return { silent: 'nothing_to_answer', events, network };
    const parts = proxyReply(request, proxyFields(network, request, client, decision, port), port);
    return finish({ world, network, request, entry, boot: NO_BOOT, events }, parts);
  }
  const boot = asksToBoot ? bootFields(network, request, client, decision) : NO_BOOT;
  const theCase: Case = { world, network, request, entry, boot, events };
  return finish(theCase, answerAsServer(theCase));
}

/** Beside another's server we speak only about booting: to a DISCOVER at port 67, to a REQUEST or INFORM at port 4011. */
function proxyReply(request: DhcpRequest, boot: BootFields, port: 'dhcp' | 'proxy'): ReplyParts | Silence {
  const type = port === 'dhcp' ? 'offer' : 'ack';
  const asked = port === 'dhcp' ? ['discover'] : ['request', 'inform'];
  return asked.includes(request.messageType) ? { type, boot, lease: 'none', parameters: 'none' } : 'nothing_to_answer';
}

function answerAsServer(theCase: Case): ReplyParts | Silence {
  switch (theCase.request.messageType) {
    case 'discover':
      return answerDiscover(theCase);
    case 'request':
      return answerRequesting(theCase);
    case 'inform':
      // RFC 2131 section 4.3.5: it has an address; no lease, no yiaddr.
      return { type: 'ack', lease: 'none', parameters: 'given', boot: theCase.boot, ...named(theCase) };
    case 'decline':
      return noteConflict(theCase);
    case 'release':
      poolOf(theCase)?.release(theCase.request.mac, theCase.request.packet.ciaddr);
      return 'nothing_to_answer';
    default:
      return 'nothing_to_answer'; // offer, ack, nak: only a server sends them
  }
}

function answerDiscover(theCase: Case): ReplyParts | Silence {
  const { request, world } = theCase;
  const address = reservedAddress(theCase) ?? poolOf(theCase)?.offer(request.mac, request.requestedAddress, world.now);
  if (address !== undefined)
    return { type: 'offer', address, lease: 'given', parameters: 'given', boot: theCase.boot, ...named(theCase) };
  if (poolOf(theCase)) {
    theCase.events.push({ at: world.now, networkId: theCase.network.networkId, mac: request.mac, kind: 'pool_exhausted' });
  }
  return 'no_address';
}

/** RFC 2131 section 4.3.2: SELECTING names a server, INIT-REBOOT only an address, RENEWING and REBINDING only what they have. */
function answerRequesting(theCase: Case): ReplyParts | Silence {
  const { request, network, world } = theCase;
  const { ciaddr } = request.packet;
  const chosen = request.serverIdentifier;
  if (chosen !== undefined && chosen !== serverIdentifier(network, request) && chosen !== network.serverAddress)
    return 'not_for_us';
  const wanted = ciaddr !== NO_ADDRESS ? ciaddr : request.requestedAddress;
  if (wanted === undefined) return 'nothing_to_answer';
  const ack: ReplyParts = {
    type: 'ack',
    address: wanted,
    lease: 'given',
    parameters: 'given',
    boot: theCase.boot,
    ...named(theCase),
  };
  const reserved = reservedAddress(theCase);
  if (reserved !== undefined) return reserved === wanted ? ack : nak(`this server's address is ${reserved}`);
  if (!isOnNetwork(network, wanted)) return nak('not an address of this network');
  const pool = poolOf(theCase);
  if (pool?.confirm(request.mac, wanted, world.now)) return ack;
  // Having no record of a client, a server must stay silent (same section); one that chose us or held another address is told no.
  return chosen !== undefined || pool?.held(request.mac, world.now) !== undefined
    ? nak('that address is not free')
    : 'no_address';
}

function noteConflict(theCase: Case): Silence {
  const { request, world, network, entry } = theCase;
  const address = request.requestedAddress;
  if (address === undefined) return 'nothing_to_answer';
  poolOf(theCase)?.decline(request.mac, address, world.now);
  const serverId = entry?.subject.serverId;
  const seen = { at: world.now, networkId: network.networkId, mac: request.mac };
  theCase.events.push({ ...seen, kind: 'address_conflict', address, ...(serverId && { serverId }) });
  return 'nothing_to_answer';
}

function finish({ network, request, events }: Case, parts: ReplyParts | Silence): Outcome {
  if (typeof parts === 'string') return { silent: parts, events, network };
  const reply = buildReply(network, request, parts);
  return reply ? { reply, events, network } : { silent: 'too_large', events, network };
}

function nak(message: string): ReplyParts {
  return { type: 'nak', lease: 'none', parameters: 'none', message };
}

/** A reservation counts only on the network it lies in: a NIC moved to another rack needs another address. */
function reservedAddress({ network, entry }: Case): string | undefined {
  return entry?.address !== undefined && isOnNetwork(network, entry.address) ? entry.address : undefined;
}

function poolOf({ world, network }: Case): LeasePool | undefined {
  return network.mode === 'pool' ? world.leases(network.networkId) : undefined;
}

function named({ entry }: Case): { hostname?: string } {
  return entry ? { hostname: entry.hostname } : {};
}

function whereSeen({ systemUuid, relay }: DhcpRequest): { systemUuid?: string; circuitId?: string; remoteId?: string } {
  return {
    ...(systemUuid && { systemUuid }),
    ...(relay?.circuitId && { circuitId: hex(relay.circuitId) }),
    ...(relay?.remoteId && { remoteId: hex(relay.remoteId) }),
  };
}

function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
