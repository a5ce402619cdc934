// The sweep's side of the database, as one worker needs it.
import type { Database } from '../database.ts';
import type { Keyring } from '../secrets/keyring.ts';
import { claimLooks, type DueLook, type LookLimits } from './due-looks.ts';
import { recordLooks, type RecordedLook } from './record-looks.ts';
import { admitServers, beat, leaveSweep, type SweepShare } from './sweep-shares.ts';

export type PostgresSweep = {
  beat(forMs: number): Promise<SweepShare>;
  /** New servers, and BMCs whose way in was changed. */
  admit(): Promise<void>;
  claim(share: SweepShare, limits: LookLimits, forMs: number): Promise<DueLook[]>;
  record(looks: readonly RecordedLook[]): Promise<void>;
  leave(): Promise<void>;
};

/** @param worker  unique among those that run @param runner  the name under which this process runs operations */
export function postgresSweep(database: Database, keyring: Keyring, worker: string, runner: string): PostgresSweep {
  return {
    beat: (forMs) => beat(database, worker, forMs),
    admit: () => admitServers(database),
    claim: (share, limits, forMs) => claimLooks(database, keyring, { worker, runner, ...share }, limits, forMs),
    record: (looks) => recordLooks(database, worker, looks),
    leave: () => leaveSweep(database, worker),
  };
}
