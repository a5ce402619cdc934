// GET /boot/script.ipxe: what this machine does next, by the one boot decision that DHCP and TFTP ask too.
import {
  agentScript,
  diskScript,
  identifyScript,
  leaveScript,
  waitScript,
  type Firmware,
} from '@rackwright/documents/ipxe/scripts.ts';
import {
  BOOT_REASONS,
  type BootArchitecture,
  type BootDecision,
  type BootReason,
  decideBoot,
} from '@rackwright/domain/boot-decision/decide-boot.ts';
import { minutes } from '@rackwright/domain/durations.ts';
import type { BootEntry } from '../boot-index.ts';
import { discoveryToken } from './discovery-token.ts';
import { type Exchange, sendText } from './exchange.ts';
import type { BootHttpNeeds } from './needs.ts';

type Needs = Pick<BootHttpNeeds, 'now' | 'index' | 'tickets' | 'networkOf' | 'discoveryKey' | 'log'> & {
  kernelArguments: readonly string[];
};

const DISCOVERY_LASTS = minutes(30);

export function answerBootScript(exchange: Exchange, needs: Needs): void {
  const { query, peer, bootUrl } = exchange;
  // Without a word about itself it may have come through another DHCP server: it asks again with its identity.
  if (!query.has('mac')) return sendText(exchange, identifyScript(bootUrl));

  const mac = readMac(query.get('mac') ?? '');
  const entry = (mac === undefined ? undefined : needs.index.byMac(mac)) ?? needs.index.byAddress(peer);
  const architecture = architectureOf(query, entry);
  const { policy, reservedAddressRequired } = needs.networkOf(peer);
  const decision = decideBoot(entry?.subject, { stage: 'ipxe', architecture, at: needs.now(), policy });
  needs.log({
    level: 'info',
    event: 'boot_script',
    server: entry?.subject.name ?? null,
    mac: mac ?? null,
    peer,
    decision: decision.kind,
    reason: decision.reason,
  });

  const asked = { exchange, entry, mac, firmware: firmwareOf(architecture), decision };
  if (decision.kind === 'run_agent' && reservedAddressRequired && entry?.address !== undefined && entry.address !== peer) {
    needs.log({ level: 'warn', event: 'boot_script_wrong_address', server: entry.subject.name, peer, reserved: entry.address });
    return sendText(exchange, leaveScript({ firmware: asked.firmware, reason: `${peer} is not the address reserved for it` }));
  }
  sendText(exchange, scriptFor(asked, needs));
}

export function answerAutoexec(exchange: Exchange): void {
  sendText(exchange, identifyScript(exchange.bootUrl));
}

type Asked = {
  exchange: Exchange;
  entry: BootEntry | undefined;
  mac: string | undefined;
  firmware: Firmware;
  decision: BootDecision;
};

function scriptFor({ exchange, entry, mac, firmware, decision }: Asked, needs: Needs): string {
  const reason = sentence(decision.reason);
  const { bootUrl } = exchange;
  switch (decision.kind) {
    case 'run_agent': {
      const { kernelArguments } = needs;
      const token = entry
        ? needs.tickets.openFor(entry.subject.serverId)?.token
        : mac && discoveryToken(needs.discoveryKey, mac, needs.now() + DISCOVERY_LASTS);
      // Decided from the index while the ticket has not arrived: two feeds, one of them a moment late.
      if (!token) return waitScript({ bootUrl, seconds: 5, reason: 'its boot ticket is not here yet' });
      return agentScript({ bootUrl, token, serverName: entry?.subject.name ?? `unknown ${mac}`, reason, kernelArguments });
    }
    case 'boot_disk':
      return diskScript({ firmware, serverName: entry?.subject.name ?? exchange.peer, reason });
    case 'ignore':
    case 'chain_load':
      return leaveScript({ firmware, reason });
  }
}

function sentence(reason: BootReason): string {
  return BOOT_REASONS[reason];
}

function readMac(text: string): string | undefined {
  const mac = text.toLowerCase().replaceAll('-', ':');
  return /^([0-9a-f]{2}:){5}[0-9a-f]{2}$/.test(mac) ? mac : undefined;
}

/** As our DHCP server wrote it into the URL, or iPXE's ${platform} and ${buildarch}; without either, what the record says. */
function architectureOf(query: URLSearchParams, entry: BootEntry | undefined): BootArchitecture {
  const told = ARCHITECTURES.find((architecture) => architecture === query.get('architecture'));
  if (told) return told;
  switch (query.get('platform')) {
    case 'pcbios':
      return 'bios_x86';
    case 'efi':
      return EFI_ARCHITECTURES[query.get('arch') ?? 'x86_64'] ?? 'other';
    default:
      return entry?.subject.firmwareMode === 'bios' ? 'bios_x86' : 'uefi_x64';
  }
}

const ARCHITECTURES: readonly BootArchitecture[] = ['bios_x86', 'uefi_x64', 'uefi_arm64', 'other'];
const EFI_ARCHITECTURES: Record<string, BootArchitecture> = { x86_64: 'uefi_x64', arm64: 'uefi_arm64' };

function firmwareOf(architecture: BootArchitecture): Firmware {
  return architecture === 'bios_x86' ? 'bios' : 'uefi';
}
