// What a server boots: the one decision that DHCP, TFTP and HTTP all ask, so that they can never disagree.
import type { FirmwareMode } from '../bmc.ts';
import type { ServerId } from '../ids.ts';

/** What is asking, earliest first. A boot passes through several stages and asks again at each. */
export type BootStage = 'firmware_pxe' | 'firmware_http' | 'ipxe' | 'agent' | 'os';

/** `other`: 32-bit UEFI, Itanium and whatever else option 93 can name. */
export type BootArchitecture = 'bios_x86' | 'uefi_x64' | 'uefi_arm64' | 'other';

/** The part of a server that decides what it boots. */
export type BootSubject = {
  serverId: ServerId;
  name: string;
  /** The boot NIC, lower case with colons. */
  mac: string;
  /** `agent` while a boot ticket is open, `disk` once a system is installed, `none`: neither, so nothing of ours may run on it. */
  bootIntent: 'agent' | 'disk' | 'none';
  firmwareMode: FirmwareMode | 'unknown';
  /** With intent `agent`: milliseconds since the epoch at which the ticket lapses. */
  ticketExpiresAt?: number;
};

/** What the network the request came from is for. */
export type BootPolicy = {
  /** `discover`: a stranger gets the agent, which only reports. `ignore`: it is left alone. */
  unknownServers: 'discover' | 'ignore';
  /** Architectures that we hold a boot loader and an agent for. */
  architectures: readonly BootArchitecture[];
};

export type BootRequest = {
  stage: BootStage;
  architecture: BootArchitecture;
  /** Milliseconds since the epoch. */
  at: number;
  policy: BootPolicy;
};

export type BootDecision = {
  /**
   * `ignore`: no boot instructions. `chain_load`: our iPXE, which will ask again. `run_agent`: kernel, ramdisk, token.
   * `boot_disk`: leave the network and start what is installed.
   */
  kind: 'ignore' | 'chain_load' | 'run_agent' | 'boot_disk';
  reason: BootReason;
};

export const BOOT_REASONS = {
  ticket_open: 'a boot ticket is open for this server',
  ticket_lapsed: 'the boot ticket has lapsed; whoever opened it must open another',
  installed: 'its system is installed on its disk',
  not_expected: 'nobody asked this server to boot from the network',
  discovery: 'unknown server on a network that discovers servers',
  stranger: 'unknown server on a network that ignores strangers',
  no_loader: 'we have no boot loader for this architecture',
  wrong_firmware: 'it booted in the other firmware mode than its record says; an installation would not start',
  not_booting: 'a running system asks for its address, not for something to boot',
} as const;
export type BootReason = keyof typeof BOOT_REASONS;

/** Total and without side effects: asked twice at the same moment, it answers the same. */
export function decideBoot(server: BootSubject | undefined, request: BootRequest): BootDecision {
  if (request.stage === 'os') return { kind: 'ignore', reason: 'not_booting' };
  if (!request.policy.architectures.includes(request.architecture)) return { kind: 'ignore', reason: 'no_loader' };
  if (server === undefined) return decideForStranger(request);
  switch (server.bootIntent) {
    case 'agent':
      return decideForTicket(server, request);
    case 'disk':
      // Also for firmware: ignored, UEFI asks on for two minutes (IPv4, then IPv6) before it tries its disk; iPXE sends it there at once.
      return viaIpxe(request.stage, { kind: 'boot_disk', reason: 'installed' });
    case 'none':
      return { kind: 'ignore', reason: 'not_expected' };
  }
}

function decideForStranger(request: BootRequest): BootDecision {
  if (request.policy.unknownServers === 'ignore') return { kind: 'ignore', reason: 'stranger' };
  return viaIpxe(request.stage, { kind: 'run_agent', reason: 'discovery' });
}

function decideForTicket(server: BootSubject, request: BootRequest): BootDecision {
  if (server.ticketExpiresAt === undefined || request.at >= server.ticketExpiresAt)
    return { kind: 'ignore', reason: 'ticket_lapsed' };
  // Let it run all the same: the agent reports the mode it finds, and the workflow refuses with a name for what is wrong.
  const reason = differs(server.firmwareMode, request.architecture) ? 'wrong_firmware' : 'ticket_open';
  return viaIpxe(request.stage, { kind: 'run_agent', reason });
}

/** Firmware can only load a loader; what the loader is for is answered when iPXE asks. */
function viaIpxe(stage: BootStage, decision: BootDecision): BootDecision {
  const firmware = stage === 'firmware_pxe' || stage === 'firmware_http';
  return firmware ? { kind: 'chain_load', reason: decision.reason } : decision;
}

function differs(recorded: FirmwareMode | 'unknown', architecture: BootArchitecture): boolean {
  if (recorded === 'unknown') return false;
  return recorded !== (architecture === 'bios_x86' ? 'bios' : 'uefi');
}
