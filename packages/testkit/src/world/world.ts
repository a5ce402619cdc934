// The state of the simulated world that workflow tests read and change.
import type { BmcLogEntry, PowerState } from '@rackwright/domain/bmc.ts';
import type { GivenAnswer, Question } from '@rackwright/domain/answers.ts';
import type { ControlPlane } from '@rackwright/domain/control-plane/may-leave.ts';
import type { DiskProof, RemovalEvidence } from '@rackwright/domain/erasure.ts';
import type { SeenSignal } from '@rackwright/domain/health/read-signals.ts';
import type { Inspection } from '@rackwright/domain/hardware/inspection.ts';
import type { InstructionId, ServerId, TicketId } from '@rackwright/domain/ids.ts';
import type { Server } from '@rackwright/domain/server.ts';
import type { AttachedVolume, InstructionDeed, InstructionResult, NodeTaint } from '@rackwright/workflows/ports.ts';

export type FakeNode = {
  /** Another one after each boot. */
  bootId?: string;
  uid: string;
  ready: boolean;
  unschedulable: boolean;
  labels: Record<string, string>;
  taints?: NodeTaint[];
  outOfService?: boolean;
  volumes?: number;
};

export type Ticket = {
  id: TicketId;
  key: string;
  open: boolean;
  inspection: Inspection | undefined;
  instructions: Instruction[];
};
export type Instruction = {
  id: InstructionId;
  name: string;
  deed: InstructionDeed;
  result: InstructionResult | undefined;
  withdrawn: boolean;
};

/** Everything there is. Tests read it to see how the world ended. */
export type World = {
  now: number;
  server: Server;
  power: PowerState;
  /** What the BMC does to whoever asks: answers, is not there, refuses our password, or agrees and does nothing. */
  bmc: 'answers' | 'dead' | 'refuses' | 'lies';
  bootOnce: 'network' | 'disk' | 'none';
  /** What each disk holds: an image digest, 'foreign', or 'zero'. */
  disks: Record<string, string>;
  seenInspection: Inspection;
  twin: { id: ServerId; name: string } | undefined;
  bmcSerial: string;
  tickets: Ticket[];
  nodes: Record<string, FakeNode>;
  tokens: Record<string, { id: string }>;
  pods: { namespace: string; name: string; blockedBy?: string }[];
  /** Attached to its node; a test detaches them. */
  volumes: AttachedVolume[];
  controlPlane: ControlPlane;
  erasures: DiskProof[];
  /** Disks that somebody took out. */
  removals: RemovalEvidence[];
  /** Null: the BMC keeps none. */
  eventLog: BmcLogEntry[] | null;
  /** What its parts do when they are worked hard: hold, break, or break where only the event log tells. */
  burnIn: 'passes' | 'fails' | 'logs a fault';
  findings: SeenSignal[];
  /** Power-ons after which the installed system comes up; the others leave it dead. */
  boots: 'always' | 'never' | 'second_time';
  answers: Partial<Record<Question, GivenAnswer>>;
  agentOutcome: 'done' | 'refused';
  /** Every deed that cannot be taken back, in order. */
  deeds: string[];
};
