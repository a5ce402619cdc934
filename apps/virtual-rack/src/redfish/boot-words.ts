// A chassis's boot override in Redfish's words and back.
import type { ChassisBoot, ChassisBootDevice } from '../chassis.ts';
import type { RedfishJson } from './answers.ts';

export const TARGETS: Readonly<Record<string, ChassisBootDevice>> = {
  None: 'none',
  Pxe: 'network',
  Hdd: 'disk',
  Cd: 'cd',
  UefiHttp: 'http',
  BiosSetup: 'firmware_setup',
};
const MODES = { UEFI: 'uefi', Legacy: 'bios' } as const;

/** The three properties of `Boot` that tell of the override. */
export function bootProperties(boot: ChassisBoot) {
  const target = Object.keys(TARGETS).find((word) => TARGETS[word] === boot.device) ?? 'None';
  const enabled = boot.device === 'none' ? 'Disabled' : boot.once ? 'Once' : 'Continuous';
  return {
    BootSourceOverrideEnabled: enabled,
    BootSourceOverrideTarget: target,
    BootSourceOverrideMode: boot.mode === 'uefi' ? 'UEFI' : 'Legacy',
  };
}

export type BootChange = { boot: ChassisBoot } | { unknown: string } | { refused: string; value: unknown };

/** What is left out of the request stays as it is. */
export function changeBoot(now: ChassisBoot, change: RedfishJson, overrides: readonly string[]): BootChange {
  const wanted: Record<string, unknown> = { ...bootProperties(now) };
  for (const [name, value] of Object.entries(change)) {
    if (!(name in wanted)) return { unknown: name };
    wanted[name] = value;
  }
  const { BootSourceOverrideTarget: target, BootSourceOverrideEnabled: enabled, BootSourceOverrideMode: mode } = wanted;
  const device = typeof target === 'string' ? TARGETS[target] : undefined;
  if (device === undefined) return { refused: 'BootSourceOverrideTarget', value: target };
  if (mode !== 'UEFI' && mode !== 'Legacy') return { refused: 'BootSourceOverrideMode', value: mode };
  if (enabled === 'Disabled') return { boot: { device: 'none', once: true, mode: MODES[mode] } };
  if (typeof enabled !== 'string' || !overrides.includes(enabled))
    return { refused: 'BootSourceOverrideEnabled', value: enabled };
  return { boot: { device, once: enabled === 'Once', mode: MODES[mode] } };
}
