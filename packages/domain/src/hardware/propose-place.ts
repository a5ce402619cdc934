// Where a machine that nobody announced probably stands: its NICs heard a switch by LLDP, and the switch hangs in a rack.
import type { RackId } from '../ids.ts';
import type { Inspection } from './inspection.ts';

export type WiredRack = {
  id: RackId;
  name: string;
  /** Names of its top-of-rack switches. */
  switches: string[];
  /** Port, as LLDP names it → rack unit. */
  switchPorts: Record<string, number>;
};

export type ProposedPlace = {
  rackId: RackId;
  rackName: string;
  /** Null when no heard port is in the rack's table. */
  uPosition: number | null;
  /** What it follows from. */
  heard: { nic: string; switch: string; port: string };
};

/**
 * Nothing when no NIC heard a switch we know, or when they heard switches of several racks: then a person looks. NICs that name
 * several units leave the unit open.
 */
export function proposePlace(inspection: Pick<Inspection, 'nics'>, racks: readonly WiredRack[]): ProposedPlace | undefined {
  const heard = inspection.nics.flatMap(({ name, lldp }) => {
    if (!lldp) return [];
    return racks
      .filter(({ switches }) => switches.some((known) => sameSwitch(known, lldp.systemName)))
      .map((rack) => ({ rack, unit: unitOf(rack, lldp.portId), nic: name, switch: lldp.systemName, port: lldp.portId }));
  });
  const [first] = heard;
  if (first === undefined || heard.some(({ rack }) => rack.id !== first.rack.id)) return undefined;
  const units = new Set(heard.flatMap(({ unit }) => unit ?? []));
  const best = heard.find(({ unit }) => unit !== undefined) ?? first;
  return {
    rackId: first.rack.id,
    rackName: first.rack.name,
    uPosition: units.size === 1 ? (best.unit ?? null) : null,
    heard: { nic: best.nic, switch: best.switch, port: best.port },
  };
}

/** Switches tell their name with or without a domain, in any case. */
export function switchNames(systemName: string): string[] {
  const lower = systemName.trim().toLowerCase();
  return [...new Set([lower, lower.split('.')[0] ?? lower])].filter((name) => name !== '');
}

const sameSwitch = (known: string, told: string): boolean => switchNames(told).includes(known.toLowerCase());

const unitOf = ({ switchPorts }: WiredRack, port: string): number | undefined =>
  Object.hasOwn(switchPorts, port) ? switchPorts[port] : undefined;
