// Every branch of the boot decision, one line each.
import { expect, test } from 'vitest';
import { BOOT_REASONS, type BootArchitecture, type BootStage, type BootSubject, decideBoot } from './decide-boot.ts';

const NOW = 1_000_000;
const base = { serverId: 'srv_1', name: 'r1-u01', mac: '52:54:00:00:00:01', firmwareMode: 'uefi' } as const;
const ticketed: BootSubject = { ...base, bootIntent: 'agent', ticketExpiresAt: NOW + 1 };
const SUBJECTS = {
  'ticket open': ticketed,
  'ticket open, mode unknown': { ...ticketed, firmwareMode: 'unknown' },
  'ticket open, bios on file': { ...ticketed, firmwareMode: 'bios' },
  'ticket lapsed now': { ...ticketed, ticketExpiresAt: NOW },
  'agent without ticket': { ...base, bootIntent: 'agent' },
  installed: { ...base, bootIntent: 'disk' },
  idle: { ...base, bootIntent: 'none' },
  stranger: undefined,
} satisfies Record<string, BootSubject | undefined>;

const TABLE: [
  keyof typeof SUBJECTS,
  BootStage,
  BootArchitecture,
  'discover' | 'ignore',
  kind: string,
  reason: keyof typeof BOOT_REASONS,
][] = [
  ['ticket open', 'firmware_pxe', 'uefi_x64', 'ignore', 'chain_load', 'ticket_open'],
  ['ticket open', 'firmware_http', 'uefi_x64', 'ignore', 'chain_load', 'ticket_open'],
  ['ticket open', 'ipxe', 'uefi_x64', 'ignore', 'run_agent', 'ticket_open'],
  ['ticket open', 'agent', 'uefi_x64', 'ignore', 'run_agent', 'ticket_open'],
  ['ticket open', 'os', 'uefi_x64', 'discover', 'ignore', 'not_booting'],
  ['ticket open', 'ipxe', 'bios_x86', 'ignore', 'run_agent', 'wrong_firmware'],
  ['ticket open', 'firmware_pxe', 'bios_x86', 'ignore', 'chain_load', 'wrong_firmware'],
  ['ticket open, bios on file', 'ipxe', 'bios_x86', 'ignore', 'run_agent', 'ticket_open'],
  ['ticket open, bios on file', 'ipxe', 'uefi_x64', 'ignore', 'run_agent', 'wrong_firmware'],
  ['ticket open, mode unknown', 'ipxe', 'bios_x86', 'ignore', 'run_agent', 'ticket_open'],
  ['ticket open', 'firmware_pxe', 'uefi_arm64', 'discover', 'ignore', 'no_loader'],
  ['ticket open', 'firmware_pxe', 'other', 'discover', 'ignore', 'no_loader'],
  ['ticket lapsed now', 'firmware_pxe', 'uefi_x64', 'discover', 'ignore', 'ticket_lapsed'],
  ['ticket lapsed now', 'ipxe', 'uefi_x64', 'discover', 'ignore', 'ticket_lapsed'],
  ['ticket lapsed now', 'agent', 'uefi_x64', 'discover', 'ignore', 'ticket_lapsed'],
  ['agent without ticket', 'ipxe', 'uefi_x64', 'discover', 'ignore', 'ticket_lapsed'],
  ['installed', 'firmware_pxe', 'uefi_x64', 'ignore', 'chain_load', 'installed'],
  ['installed', 'firmware_http', 'uefi_x64', 'ignore', 'chain_load', 'installed'],
  ['installed', 'ipxe', 'uefi_x64', 'ignore', 'boot_disk', 'installed'],
  ['installed', 'agent', 'uefi_x64', 'ignore', 'boot_disk', 'installed'],
  ['installed', 'os', 'uefi_x64', 'ignore', 'ignore', 'not_booting'],
  ['idle', 'firmware_pxe', 'uefi_x64', 'discover', 'ignore', 'not_expected'],
  ['idle', 'ipxe', 'uefi_x64', 'discover', 'ignore', 'not_expected'],
  ['stranger', 'firmware_pxe', 'uefi_x64', 'discover', 'chain_load', 'discovery'],
  ['stranger', 'firmware_http', 'uefi_x64', 'discover', 'chain_load', 'discovery'],
  ['stranger', 'ipxe', 'bios_x86', 'discover', 'run_agent', 'discovery'],
  ['stranger', 'agent', 'bios_x86', 'discover', 'run_agent', 'discovery'],
  ['stranger', 'firmware_pxe', 'uefi_x64', 'ignore', 'ignore', 'stranger'],
  ['stranger', 'ipxe', 'uefi_x64', 'ignore', 'ignore', 'stranger'],
  ['stranger', 'os', 'other', 'discover', 'ignore', 'not_booting'],
];

test.each(TABLE)('%s, %s on %s, strangers: %s → %s (%s)', (subject, stage, architecture, unknownServers, kind, reason) => {
  const policy = { unknownServers, architectures: ['bios_x86', 'uefi_x64'] } as const;
  expect(decideBoot(SUBJECTS[subject], { stage, architecture, at: NOW, policy })).toEqual({ kind, reason });
});

test('the table names every reason', () => {
  expect(new Set(TABLE.map(([, , , , , reason]) => reason))).toEqual(new Set(Object.keys(BOOT_REASONS)));
});
