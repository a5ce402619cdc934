// The box that a simulated BMC looks after: power, next boot, light, parts and event log, whatever machine stands behind it.
import type { FirmwareMode, PowerState } from '@rackwright/domain/bmc.ts';
import { type BmcMood, goodMood } from './bmc-mood.ts';
import type { Faults } from './faults.ts';
import { faultRules } from './faults.ts';

export type ChassisAction = 'on' | 'off' | 'graceful_off' | 'reset' | 'cycle' | 'nmi';

/** `already`: nothing to do. `refused`: not in this power state (reset while off) or in the middle of another change. */
export type ActionOutcome = 'accepted' | 'already' | 'refused';

export type ChassisBootDevice = 'none' | 'network' | 'disk' | 'cd' | 'http' | 'firmware_setup';

export type ChassisBoot = { device: ChassisBootDevice; once: boolean; mode: FirmwareMode };

export type ChassisIdentity = {
  vendor: string;
  model: string;
  serial: string;
  /** RFC 4122 text form. */
  uuid: string;
  assetTag: string;
  bmcFirmware: string;
  biosVersion: string;
};

export type ChassisHardware = {
  cpus: { model: string; cores: number; threads: number }[];
  memory: { slot: string; sizeBytes: number }[];
  nics: { mac: string; name: string }[];
  disks: { serial: string; model: string; sizeBytes: number }[];
};

export type ChassisEvent = { id: number; at: Date; severity: 'ok' | 'warning' | 'critical'; message: string };

export type ChassisSpec = {
  identity: ChassisIdentity;
  hardware: ChassisHardware;
  power?: 'on' | 'off';
  /** The mode of a boot without override. */
  firmwareMode?: FirmwareMode;
  /** Time stamps of the event log; the system clock unless told. */
  now?: () => Date;
  faults?: Faults;
};

/** The machine behind. A promise ends when the change is complete; a rejection is logged as a critical event. */
export type ChassisMachine = {
  onPowerOn(boot: ChassisBoot): Promise<void> | void;
  /** `graceful`: ask the operating system, end when it is down. A hard one may follow while a graceful one still waits. */
  onPowerOff(how: 'hard' | 'graceful'): Promise<void> | void;
  onReset(boot: ChassisBoot): Promise<void> | void;
};

export type SimulatedChassis = {
  readonly identity: ChassisIdentity;
  readonly hardware: ChassisHardware;
  readonly faults: Faults;
  /** For as long as somebody leaves it so. */
  readonly mood: BmcMood;
  power(): PowerState;
  /** Starts the change and returns at once; `power()` tells when it is done. */
  act(action: ChassisAction): ActionOutcome;
  bootOverride(): ChassisBoot;
  setBootOverride(boot: ChassisBoot): void;
  /** What to boot from now; uses up a `once` override. For machines that reboot on their own. */
  takeBoot(): ChassisBoot;
  /** The machine went down or came up without the BMC's doing. */
  machineStopped(): void;
  machineStarted(): void;
  led(): boolean;
  setLed(lit: boolean): void;
  events(): readonly ChassisEvent[];
  logEvent(severity: ChassisEvent['severity'], message: string): void;
  clearEvents(): void;
  /** The BMC starts anew; the machine is not touched. */
  restartBmc(): void;
};

const MAX_EVENTS = 512;

/** A chassis in front of a machine: a state machine of the light rack, or QEMU. Holds no timer. */
export function simulatedChassis(spec: ChassisSpec, machine: ChassisMachine): SimulatedChassis {
  const now = spec.now ?? (() => new Date());
  const noOverride: ChassisBoot = { device: 'none', once: true, mode: spec.firmwareMode ?? 'uefi' };
  let boot = noOverride;
  let lit = false;
  let events: ChassisEvent[] = [];
  let lastEventId = 0;

  const logEvent: SimulatedChassis['logEvent'] = (severity, message) => {
    lastEventId += 1;
    events = [...events.slice(-(MAX_EVENTS - 1)), { id: lastEventId, at: now(), severity, message }];
  };
  const takeBoot = () => {
    const taken = boot;
    if (boot.once) boot = noOverride;
    return taken;
  };
  const supply = powerSupply(spec.power ?? 'off', { machine, takeBoot, logEvent });

  return {
    identity: spec.identity,
    hardware: spec.hardware,
    faults: spec.faults ?? faultRules(),
    mood: goodMood(),
    ...supply,
    takeBoot,
    bootOverride: () => boot,
    setBootOverride(wanted) {
      boot = wanted.device === 'none' ? noOverride : wanted;
    },
    led: () => lit,
    setLed(wanted) {
      lit = wanted;
    },
    events: () => events,
    logEvent,
    clearEvents() {
      events = [];
    },
    restartBmc: () => logEvent('ok', 'BMC was restarted'),
  };
}

type Surroundings = Pick<SimulatedChassis, 'takeBoot' | 'logEvent'> & { machine: ChassisMachine };

function powerSupply(initial: 'on' | 'off', { machine, takeBoot, logEvent }: Surroundings) {
  let state: PowerState = initial;
  // A change that was overtaken (a hard off during a graceful one) must not settle the state later.
  let turn = 0;

  const change = (
    steps: readonly [passing: PowerState, settled: PowerState, deed: () => Promise<void> | void, said?: string][],
  ) => {
    turn += 1;
    const mine = turn;
    let fallBack: PowerState = state === 'on' || state === 'off' ? state : 'unknown';
    void (async () => {
      for (const [passing, settled, deed, said] of steps) {
        if (mine !== turn) return;
        state = passing;
        await deed();
        if (mine !== turn) return;
        state = settled;
        fallBack = settled;
        logEvent('ok', said ?? `System power is ${settled}`);
      }
    })().catch((cause: unknown) => {
      if (mine === turn) state = fallBack;
      logEvent('critical', `Power fault: ${cause instanceof Error ? cause.message : String(cause)}`);
    });
    return 'accepted' as const;
  };

  const turnOff = ['powering_off', 'off', () => machine.onPowerOff('hard')] as const;
  const turnOn = ['powering_on', 'on', () => machine.onPowerOn(takeBoot())] as const;
  const running = () => state === 'on' || state === 'powering_on';

  const act = (action: ChassisAction): ActionOutcome => {
    switch (action) {
      case 'on':
        if (running()) return 'already';
        return state === 'off' ? change([[...turnOn]]) : 'refused';
      case 'off':
        return state === 'off' ? 'already' : change([[...turnOff]]);
      case 'graceful_off':
        if (state === 'off' || state === 'powering_off') return 'already';
        return change([['powering_off', 'off', () => machine.onPowerOff('graceful')]]);
      case 'reset':
        return running() ? change([['on', 'on', () => machine.onReset(takeBoot()), 'System was reset']]) : 'refused';
      case 'cycle':
        return running() ? change([[...turnOff], [...turnOn]]) : 'refused';
      default:
        // The diagnostic interrupt: what the machine makes of it is its own affair.
        if (!running()) return 'refused';
        logEvent('critical', 'Diagnostic interrupt');
        return 'accepted';
    }
  };

  const settle = (settled: 'on' | 'off') => {
    turn += 1;
    if (state !== settled) logEvent('ok', `System power is ${settled}`);
    state = settled;
  };
  return { power: () => state, act, machineStopped: () => settle('off'), machineStarted: () => settle('on') };
}
