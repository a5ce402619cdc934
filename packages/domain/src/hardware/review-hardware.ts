// Parts were swapped: may the new count stand for the server from now on? It stays the same server, whatever was swapped.
import type { Facts } from '../errors.ts';
import type { ServerNic } from '../server.ts';
import type { Inspection } from './inspection.ts';

export type SwapReview = {
  onFile: { serial: string | null; nics: ServerNic[]; accepted: Inspection | null };
  seen: Inspection;
  /** What the person who looked named, so that nothing passes unseen. */
  named: {
    /** The serial that it has now, when the board was swapped. */
    serial: string | undefined;
    /** Old MAC → new MAC, or null for a NIC that was taken out. */
    nics: Record<string, string | null>;
    /** Serials of disks that are gone without having been erased here. */
    lostDisks: string[];
  };
  /** Serials of disks that were erased since the server was last given to anybody. */
  erased: readonly string[];
  /** Serials of disks that a named person took out or destroyed. */
  removed?: readonly string[];
  /** It belongs to somebody now: its disks hold data. */
  allocated: boolean;
};

export type ReviewedSwap =
  | { ok: true; serial: string; nics: ServerNic[] }
  | {
      ok: false;
      code: 'hardware_not_reviewed' | 'disk_dropped_unerased' | 'reference_not_found' | 'serial_mismatch';
      facts: Facts;
    };

/**
 * Every difference that reaches beyond the count must be named: another serial, a NIC on file that is gone, a disk that left unerased.
 * While the server belongs to somebody, a disk may not leave unerased at all: release it first, then its disks are accounted for.
 */
export function reviewSwap(review: SwapReview): ReviewedSwap {
  const { onFile, seen, named } = review;
  const serial = seen.system.serial;
  if (named.serial !== undefined && named.serial !== serial)
    return { ok: false, code: 'serial_mismatch', facts: { onFile: named.serial, seen: serial, seenBy: 'agent' } };
  if (serial !== onFile.serial && named.serial === undefined)
    return unnamed(`the serial ${onFile.serial ?? ''} that is now ${serial}`);
  return refuseLostDisks(review) ?? swapNics(review);
}

const unnamed = (what: string): ReviewedSwap => ({ ok: false, code: 'hardware_not_reviewed', facts: { what } });

function refuseLostDisks({ onFile, seen, named, erased, removed = [], allocated }: SwapReview): ReviewedSwap | undefined {
  const here = new Set(seen.disks.map(({ serial }) => serial));
  const gone = (onFile.accepted?.disks ?? []).map(({ serial }) => serial).filter((serial) => !here.has(serial));
  const unaccounted = gone.find((serial) => !removed.includes(serial));
  if (allocated && unaccounted !== undefined) return { ok: false, code: 'disk_dropped_unerased', facts: { disk: unaccounted } };
  const unseen = gone.find(
    (serial) => !removed.includes(serial) && !erased.includes(serial) && !named.lostDisks.includes(serial),
  );
  if (unseen !== undefined) return unnamed(`the disk ${unseen} that is gone and was not erased`);
  const there = named.lostDisks.find((serial) => !gone.includes(serial));
  return there === undefined ? undefined : { ok: false, code: 'reference_not_found', facts: { kind: 'lost disk', id: there } };
}

function swapNics({ onFile, seen, named }: SwapReview): ReviewedSwap {
  const here = new Set(seen.nics.map(({ mac }) => mac));
  const wrong = (id: string): ReviewedSwap => ({ ok: false, code: 'reference_not_found', facts: { kind: 'NIC', id } });
  for (const [before, now] of Object.entries(named.nics)) {
    if (!onFile.nics.some(({ mac }) => mac === before)) return wrong(before);
    if (now !== null && (!here.has(now) || onFile.nics.some(({ mac }) => mac === now))) return wrong(now);
  }
  const nics: ServerNic[] = [];
  for (const nic of onFile.nics) {
    const told = Object.hasOwn(named.nics, nic.mac) ? named.nics[nic.mac] : undefined;
    if (told === undefined && !here.has(nic.mac)) return unnamed(`the NIC ${nic.mac} that is gone`);
    // Without the NIC that boots it could not be told from a stranger.
    if (told === null && nic.boot) return unnamed(`the NIC that boots instead of ${nic.mac}`);
    if (told === null) continue;
    if (nics.some(({ mac }) => mac === told)) return wrong(told ?? nic.mac);
    nics.push({ ...nic, mac: told ?? nic.mac });
  }
  return { ok: true, serial: seen.system.serial, nics };
}
