// What simulated machines and BMCs note down themselves: the other side of the story, to hold what Rackwright says against it.
import type { PowerState } from '@rackwright/domain/bmc.ts';
import type { Faults } from './faults.ts';

/** What happened, by its own clock (milliseconds since the epoch), to the server of this name. */
export type JournalEntry = { at: number; server: string } & Happened;

export type Happened =
  /** The machine itself: on when its firmware starts, off when nothing of it runs any more. */
  | { what: 'power'; power: 'on' | 'off' }
  /** A request to its BMC: a Redfish path or an IPMI command's name. `power`: as it was then. `spoilt`: a fault struck. */
  | { what: 'asked'; target: string; write: boolean; power: PowerState; spoilt: boolean }
  /** A disk begins to change, by this instruction, under this token. */
  | { what: 'disk'; deed: 'write' | 'erase'; serial: string; instructionId: string; token: string };

export type Journal = (entry: JournalEntry) => void;

/** One server's pen. */
export type Note = (happened: Happened) => void;

export function notesOf(server: string, journal: Journal | undefined): Note {
  return journal ? (happened) => journal({ at: Date.now(), server, ...happened }) : () => undefined;
}

/** The same faults; every request is noted. */
export function notedFaults(faults: Faults, power: () => PowerState, note: Note): Faults {
  return {
    ...faults,
    intercept(request) {
      const { target, write } = request;
      const interference = faults.intercept(request);
      note({ what: 'asked', target, write, power: power(), spoilt: interference !== undefined });
      return interference;
    },
  };
}
