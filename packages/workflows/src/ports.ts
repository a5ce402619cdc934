// What the workflows need from the outside world. Owned by the workflows; adapters fit themselves to it.
import type {
  BmcCredentials,
  BmcEndpoint,
  BmcHardware,
  BmcIdentity,
  BmcLogEntry,
  BootDevice,
  BootOverride,
  FirmwareMode,
  PowerAction,
  PowerState,
} from '@rackwright/domain/bmc.ts';

/**
 * One BMC, one session, one request in flight. Every write is read -> decide -> write -> verify, so every method may be repeated.
 * Throws Fault: bmc_unreachable, bmc_auth_failed (never retried: lockouts), bmc_busy, bmc_unsupported, bmc_protocol_error,
 * bmc_write_unverified (we wrote, it agreed, nothing happened within the settle time).
 */
export interface Bmc {
  identify(): Promise<BmcIdentity>;
  power(): Promise<PowerState>;
  /** Ends when the BMC reports the wanted state, or with a Fault. */
  setPower(action: PowerAction): Promise<void>;
  bootOverride(): Promise<BootOverride>;
  /** For the next boot only. Where the BMC knows only `continuous`, it says so in the answer and the caller clears it later. */
  bootOnce(device: BootDevice, mode: FirmwareMode): Promise<BootOverride>;
  identifyLed(): Promise<boolean>;
  setIdentifyLed(lit: boolean): Promise<void>;
  hardware(): Promise<BmcHardware>;
  eventLog(): Promise<BmcLogEntry[]>;
  /** Ends the session at the BMC (they hold few). Never throws. */
  close(): Promise<void>;
}

export type ConnectBmc = (endpoint: BmcEndpoint, credentials: BmcCredentials) => Promise<Bmc>;
