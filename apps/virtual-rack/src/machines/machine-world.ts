// What simulated servers share: their rack's switch, one pool of connections, the pace of time, and how closely they look at files.
import type { KubeletKeys } from '../kubernetes-api/certificate-requests.ts';
import type { Sockets } from '@rackwright/kubernetes/http/connection.ts';
import type { Journal } from '../journal.ts';
import type { Pace } from './pace.ts';
import type { RackRelay } from './rack-relay.ts';
import type { WebClient } from './web-client.ts';

export type MachineWorld = {
  rack: string;
  relay: RackRelay;
  /** True while the switch of the rack is dead: the BMCs have a network of their own. */
  cutOff: () => boolean;
  web: WebClient;
  tftpPort: number;
  pace: Pace;
  /** Blocks of a boot loader that are fetched before the transfer is broken off. */
  tftpBlocks: number | 'all';
  /** The part of an image's chunks that is fetched and checked, 0 to 1; of the others only the head. First and last always. */
  chunkSample: number;
  /** Larger artifacts are checked by their ETag, which is their SHA-256, instead of their bytes. */
  largestArtifact: number;
  /** Told of everything that matters when it happens. */
  journal?: Journal;
  kubelet: { heartbeatMs?: number; retryMs?: number; keys?: KubeletKeys; sockets?: Sockets };
};

/** What every stage of a boot gets: the power is cut by aborting it. */
export type Running = {
  power: AbortSignal;
  say: (line: string) => void;
  /** Its kubelet hangs since some time after this power-on. */
  hung: () => boolean;
};
