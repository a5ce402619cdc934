// A server or cluster as tasks see it when they choose: enough to decide, nothing secret.
import type { BmcProtocol } from '../bmc.ts';
import type { ExpectedFirmware } from '../hardware/hardware-model.ts';
import type { ClusterId, OperationId, ServerId } from '../ids.ts';
import type { ServerState } from '../server-lifecycle/table.ts';

export type ServerCandidate = {
  id: ServerId;
  name: string;
  serial: string | null;
  state: ServerState;
  stateSince: string;
  currentOperationId: OperationId | null;
  /** What was last done to it promised to keep its disks: only a person releases it. */
  keptData: boolean;
  bmc: {
    protocol: BmcProtocol;
    hasCredentials: boolean;
    tlsMode: 'insecure' | 'ca' | 'pin' | null;
    /** When its password last became the one on file by a rotation; null when none did. */
    passwordChangedAt: string | null;
    /** A rotation has begun and not ended: whoever goes on with it must. */
    passwordChangeOpen: boolean;
    /** A rotation could not find out which password the BMC has. */
    passwordInDoubt: boolean;
  } | null;
  /** Of the last accepted inspection; null when it was never inspected. */
  hardware: { product: string; biosVersion: string; acceptedAt: string } | null;
  /** Of the hardware model of its product. */
  expectedFirmware: ExpectedFirmware | null;
};

export type ClusterCandidate = { id: ClusterId; name: string; hasCredentials: boolean };

export type Candidates = { servers: readonly ServerCandidate[]; clusters: readonly ClusterCandidate[] };

/** What a run may look at, at most. */
export const MOST_CANDIDATES = 20_000;
