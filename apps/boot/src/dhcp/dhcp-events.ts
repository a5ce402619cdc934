// What the DHCP server tells the rest of Rackwright. Facts only; whoever listens decides.
import type { BootArchitecture, BootDecision, BootStage } from '@rackwright/domain/boot-decision/decide-boot.ts';
import type { ServerId } from '@rackwright/domain/ids.ts';

export type DhcpEvent = {
  /** Milliseconds since the epoch. */
  at: number;
  networkId: string;
  /** Lower case with colons. */
  mac: string;
} & (
  | {
      kind: 'unknown_server_seen';
      stage: BootStage;
      architecture: BootArchitecture;
      systemUuid?: string;
      /** Where it is plugged in, as its switch says it (option 82), in hex. */
      circuitId?: string;
      remoteId?: string;
    }
  | { kind: 'boot_requested'; serverId: ServerId; stage: BootStage; decision: BootDecision }
  /** A client found its address in use by somebody else. */
  | { kind: 'address_conflict'; address: string; serverId?: ServerId }
  | { kind: 'pool_exhausted' }
);
