// What scheduled tasks need from the outside world. Owned by the tasks; the worker fits the adapters to it.
import type { ServerId } from '@rackwright/domain/ids.ts';
import type { ServerCandidate } from '@rackwright/domain/schedules/candidate.ts';
import type { Bmc, Clock } from '../ports.ts';

/** What may be asked of a BMC without holding its server: nothing that changes anything. */
export type BmcReader = Pick<Bmc, 'identify' | 'power' | 'hardware' | 'eventLog'>;

export type TaskNeeds = {
  clock: Clock;
  /** As it is now; undefined when it was deleted since it was picked. */
  findServer(id: ServerId): Promise<ServerCandidate | undefined>;
  /** In line behind whoever talks to this BMC. Faults as those of `Bmc`. */
  readBmc<T>(serverId: ServerId, use: (bmc: BmcReader) => Promise<T>): Promise<T>;
};
