// Everything that is known of a run afterwards: what Rackwright wrote down, and what the simulated machines noted themselves.
import type { OpenSession } from '@rackwright/virtual-rack-app/open-session.ts';
import type { JournalEntry } from '@rackwright/virtual-rack-app/journal.ts';

/** All times are milliseconds since the epoch, of one machine's clock. */
export type History = {
  servers: { id: string; name: string; state: string; acceptedDisks: string[] }[];
  events: {
    seq: number;
    at: number;
    kind: string;
    serverId: string | null;
    operationId: string | null;
    payload: Record<string, unknown>;
  }[];
  operations: {
    id: string;
    /** The workflow's name. */
    type: string;
    serverId: string;
    state: string;
    deadlineAt: number | null;
    waitingFor: { code: string; until: string; unblockedBy: string } | null;
    errorCode: string | null;
  }[];
  allocations: { serverId: string; clusterId: string | null; nodeName: string }[];
  erasures: { operationId: string; serverId: string; diskSerial: string; readBack: string; recordedAt: number }[];
  tickets: { id: string; serverId: string; operationId: string; tokenHash: string; closedAt: number | null }[];
  instructions: { id: string; ticketId: string; deed: InstructionDeed; givenAt: number }[];
  /** Of the machines and BMCs, in the order of time. */
  journal: JournalEntry[];
  /** Node objects that went, as the API server saw it. */
  deletedNodes: { at: number; name: string; serverId: string | null }[];
  /** When a person said of a machine, to the operation that waited for it, that it has no power. */
  powerWords: { serverId: string; at: number }[];
  /** In the order of time. */
  sessionLooks: SessionLook[];
  /** When all of this was read. */
  readAt: number;
};

/** What the BMCs held when our process was about to be killed, when nothing of it was left, and when the last one had stopped by itself. */
export type SessionLook = {
  at: number;
  when: 'before_kill' | 'killed' | 'end';
  /** Those that hold any. */
  bmcs: { server: string; sessions: OpenSession[] }[];
};

export type InstructionDeed =
  | { do: 'write_image'; diskSerial: string }
  | { do: 'erase_disks'; diskSerials: string[] }
  | { do: string };
