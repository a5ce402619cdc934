// The DHCP exchange of one boot stage: DISCOVER, OFFER, REQUEST, ACK, with each client's own patience.
import { randomInt } from 'node:crypto';
import { latin1 } from '@rackwright/protocols/bytes/byte-reader.ts';
import { addressText, type DhcpPacket, findOption } from '@rackwright/protocols/dhcp/codec.ts';
import { MESSAGE_TYPES, type MessageType, OPTION } from '@rackwright/protocols/dhcp/constants.ts';
import { type DhcpClientKind, type DhcpIdentity, type DhcpWish, dhcpPacket } from './dhcp-packets.ts';
import type { Pace } from './pace.ts';
import type { RackRelay } from './rack-relay.ts';

export type Lease = {
  address: string;
  server: string;
  /** Where to fetch `bootFile` by TFTP; empty without one. */
  nextServer: string;
  bootFile: string;
};

export type DhcpAsk = {
  kind: DhcpClientKind;
  identity: DhcpIdentity;
  switchPort: string;
  relay: RackRelay;
  pace: Pace;
  power: AbortSignal;
};

// Milliseconds between DISCOVERs as seen: OVMF after 4, 8, 16 and 32 s; the others like udhcpc.
const FIRMWARE_TRIES = [4_000, 8_000, 16_000, 32_000];
const SYSTEM_TRIES = [3_000, 3_000, 6_000, 12_000];
/** OVMF waits this long for the offers of further servers and proxies before it chooses. */
const FURTHER_OFFERS = 3_700;

/** Undefined when nobody answers in time, or refuses. Rejects when the power goes. */
export async function askForAddress(ask: DhcpAsk): Promise<Lease | undefined> {
  const isFirmware = ask.kind === 'uefi_pxe' || ask.kind === 'uefi_http' || ask.kind === 'bios_pxe';
  const inbox = openInbox(ask);
  try {
    for (const wait of isFirmware ? FIRMWARE_TRIES : SYSTEM_TRIES) {
      const within = ask.pace.patience(wait);
      const offer = await inbox.exchange({ type: 'discover' }, ['offer'], within);
      if (!offer) continue;
      if (isFirmware) await ask.pace.takes(FURTHER_OFFERS, ask.power);
      const wish: DhcpWish = { type: 'request', address: offer.yiaddr, server: serverOf(offer) };
      const answer = await inbox.exchange(wish, ['ack', 'nak'], within);
      if (answer && messageType(answer) === 'ack') return leaseOf(answer);
    }
    return undefined;
  } finally {
    inbox.close();
  }
}

function openInbox({ kind, identity, switchPort, relay, power }: DhcpAsk) {
  const xid = randomInt(0xffff_ffff);
  let awaited: ((packet: DhcpPacket) => void) | undefined;
  let secs = 0;
  const stopListening = relay.listen(identity.mac, (packet) => {
    if (packet.xid === xid) awaited?.(packet);
  });
  return {
    exchange(wish: DhcpWish, types: readonly MessageType[], within: number): Promise<DhcpPacket | undefined> {
      return new Promise((resolve, reject) => {
        let timer: NodeJS.Timeout | undefined;
        const end = (deed: () => void) => {
          clearTimeout(timer);
          power.removeEventListener('abort', cut);
          awaited = undefined;
          deed();
        };
        const cut = () => end(() => reject(power.reason));
        if (power.aborted) return cut();
        power.addEventListener('abort', cut);
        const mine = (packet: DhcpPacket) => {
          const type = messageType(packet);
          if (type && types.includes(type)) end(() => resolve(packet));
        };
        awaited = mine;
        // The waiting begins when it is sent: a crowd's packets queue up at the relay.
        void relay.send(dhcpPacket(kind, xid, secs, identity, wish), switchPort).then(() => {
          if (awaited === mine) timer = setTimeout(() => end(() => resolve(undefined)), within);
        });
        secs += 4;
      });
    },
    close: stopListening,
  };
}

function leaseOf(packet: DhcpPacket): Lease {
  const named = textOption(packet, OPTION.bootFileName);
  return {
    address: packet.yiaddr,
    server: serverOf(packet),
    nextServer: packet.siaddr === '0.0.0.0' ? textOption(packet, OPTION.tftpServerName) : packet.siaddr,
    bootFile: named === '' ? packet.file : named,
  };
}

function messageType(packet: DhcpPacket): MessageType | undefined {
  return MESSAGE_TYPES[(findOption(packet, OPTION.messageType)?.[0] ?? 0) - 1];
}

function serverOf(packet: DhcpPacket): string {
  const value = findOption(packet, OPTION.serverIdentifier);
  return value?.length === 4 ? addressText(value) : packet.siaddr;
}

/** Some servers count a closing NUL in. */
function textOption(packet: DhcpPacket, code: number): string {
  const value = findOption(packet, code);
  return value ? latin1(value).replace(/\0+$/, '') : '';
}
