// What the sweep needs of the store, in the worker's own words.
import type { BmcCredentials, BmcEndpoint, BmcLogEntry } from '@rackwright/domain/bmc.ts';
import type { LogCursor } from '@rackwright/domain/bmc-sweep/log-cursor.ts';
import type { BmcReading, ReadingChange } from '@rackwright/domain/bmc-sweep/reading.ts';
import type { ServerId } from '@rackwright/domain/ids.ts';
import type { ServerState } from '@rackwright/domain/server-lifecycle/table.ts';

/** One BMC to look at, with all that it takes. Times are epoch milliseconds. */
export type DueLook = {
  serverId: ServerId;
  state: ServerState;
  /** The server's own number: spreads the fleet over time. */
  spread: number;
  /** What makes this BMC and this way into it. */
  mark: string;
  endpoint: BmcEndpoint;
  credentials: () => BmcCredentials;
  /** The serial number on file. */
  serial: string | null;
  reading: BmcReading;
  logReadAt: number | null;
  logCursor: LogCursor;
};

export type RecordedLook = {
  serverId: ServerId;
  reading: BmcReading;
  change: ReadingChange;
  /** Null: not before something changes. */
  dueAt: number | null;
  refusedMark: string | null;
  log?: { readAt: number; cursor: LogCursor; notable: BmcLogEntry[]; historic: boolean };
};

export type SweepShare = { shards: number[]; workers: number };

export type SweepStore = {
  /** Tells that this worker lives, and gives it its part of the fleet. @param forMs  until it counts as dead */
  beat(forMs: number): Promise<SweepShare>;
  admit(): Promise<void>;
  /** The right to ask these BMCs; nobody else does until it is recorded or `forMs` have passed. */
  claim(share: SweepShare, limits: { living: number; silent: number }, forMs: number): Promise<DueLook[]>;
  record(looks: readonly RecordedLook[]): Promise<void>;
  leave(): Promise<void>;
};
