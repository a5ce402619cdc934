// The boot override between Redfish's words and ours, without I/O.
import type { BootDevice, BootOverride, FirmwareMode } from '@rackwright/domain/bmc.ts';
import type { RedfishDocument } from './documents.ts';
import { part, text, texts } from './documents.ts';

export type BootWords = { enabled: string; target: string; mode: string };

const TARGETS: Readonly<Record<BootDevice, readonly string[]>> = {
  // Pxe first: UefiHttp wants a URL or a DHCP server that knows HTTP boot.
  network: ['Pxe', 'UefiHttp'],
  disk: ['Hdd'],
  none: ['None'],
};

export function bootWords(system: RedfishDocument): BootWords {
  const boot = part(system, 'Boot');
  return {
    enabled: text(boot, 'BootSourceOverrideEnabled'),
    target: text(boot, 'BootSourceOverrideTarget'),
    mode: text(boot, 'BootSourceOverrideMode'),
  };
}

/** An override to a device that we never ask for (CD, setup) reads as none: the next boot is not ours. */
export function bootOverrideFrom({ enabled, target, mode }: BootWords): BootOverride {
  const active = enabled === 'Once' || enabled === 'Continuous';
  const devices: readonly BootDevice[] = ['network', 'disk'];
  const device = active ? (devices.find((each) => TARGETS[each].includes(target)) ?? 'none') : 'none';
  return { device, once: device !== 'none' && enabled === 'Once', mode: firmwareMode(mode) };
}

function firmwareMode(mode: string): FirmwareMode | 'unknown' {
  if (mode === 'UEFI') return 'uefi';
  return mode === 'Legacy' ? 'bios' : 'unknown';
}

export function modeWord(mode: FirmwareMode): string {
  return mode === 'uefi' ? 'UEFI' : 'Legacy';
}

/** The first of the standard's names that the BMC lists; undefined when it lists names and none of ours. */
export function targetWord(system: RedfishDocument, settings: RedfishDocument, device: BootDevice): string | undefined {
  const listed = [system, settings].flatMap((each) =>
    texts(part(each, 'Boot'), 'BootSourceOverrideTarget@Redfish.AllowableValues'),
  );
  const wanted = TARGETS[device];
  return listed.length === 0 ? wanted[0] : wanted.find((word) => listed.includes(word));
}

/** `Once`, then `Continuous`, as far as the BMC lists what it can. */
export function lastingWords(system: RedfishDocument, settings: RedfishDocument): string[] {
  const listed = [system, settings].flatMap((each) =>
    texts(part(each, 'Boot'), 'BootSourceOverrideEnabled@Redfish.AllowableValues'),
  );
  return ['Once', 'Continuous'].filter((word) => listed.length === 0 || listed.includes(word));
}

/**
 * Each property goes to the settings object if it stands there, else to the system (iDRAC10, OpenBMC and DGX want some there).
 * Keys are what a PATCH of `Boot` carries.
 */
export function splitBySettings(boot: Readonly<Record<string, string>>, settings: RedfishDocument) {
  const there = part(settings, 'Boot');
  const entries = Object.entries(boot);
  return {
    settings: Object.fromEntries(entries.filter(([name]) => name in there)),
    system: Object.fromEntries(entries.filter(([name]) => !(name in there))),
  };
}
