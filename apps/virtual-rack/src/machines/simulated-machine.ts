// A simulated server: the state machine behind a chassis. Off, it holds nothing but its disks.
import { faultRules } from '../faults.ts';
import { notedFaults, type Note, notesOf } from '../journal.ts';
import { type ChassisBoot, type ChassisMachine, type SimulatedChassis, simulatedChassis } from '../chassis.ts';
import { bootMachine, type MachineStage } from './boot-machine.ts';
import { type SimulatedDisk, simulatedDisks } from './disks.ts';
import type { MachineSpec } from './machine-spec.ts';
import { hardwareOf, type MachineParts, machineParts } from './machine-parts.ts';
import type { MachineWorld } from './machine-world.ts';

export type SimulatedMachine = {
  readonly spec: MachineSpec;
  readonly chassis: SimulatedChassis;
  readonly disks: readonly SimulatedDisk[];
  stage(): MachineStage;
  /** What its serial console showed, the last hundred lines. */
  console(): readonly string[];
  /** The power fails after so many chunks of an image are on the disk; once. */
  losePowerAfterChunks(count: number): void;
  readonly parts: MachineParts;
  /** Its kubelet says nothing more until the next power-on. */
  hangKubelet(): void;
  /** Cuts the power and ends when nothing of it runs any more. */
  close(): Promise<void>;
};

const MOST_LINES = 100;
const SHUTDOWN_TAKES = 4_000;

/** All that changes about a machine. `current`: what runs since the last power-on. */
type State = {
  stage: MachineStage;
  lines: string[];
  current: { power: AbortController; ended: Promise<void> } | undefined;
  powerFailsAfter: number;
  kubeletHangs: boolean;
};

export function simulatedMachine(spec: MachineSpec, world: MachineWorld): SimulatedMachine {
  const disks = simulatedDisks(spec.disks);
  const hardware = hardwareOf(spec);
  const note = notesOf(spec.name, world.journal);
  const state: State = {
    stage: 'off',
    lines: [],
    current: undefined,
    powerFailsAfter: Number.POSITIVE_INFINITY,
    kubeletHangs: false,
  };

  const start = (boot: ChassisBoot) => {
    const power = new AbortController();
    note({ what: 'power', power: 'on' });
    state.kubeletHangs = false;
    state.current = { power, ended: run({ spec, world, disks, state, chassis, parts, note }, boot, power) };
  };
  const stop = async () => {
    const stopped = state.current;
    state.current = undefined;
    stopped?.power.abort();
    await stopped?.ended;
    if (state.stage !== 'off') note({ what: 'power', power: 'off' });
    state.stage = 'off';
  };
  const machine: ChassisMachine = {
    onPowerOn: start,
    async onPowerOff(how) {
      if (how === 'hard') return stop();
      // Firmware, iPXE and the agent's ramdisk do not listen to the button: it stays on until somebody cuts the power.
      const asked = state.current;
      if (state.stage !== 'os') return asked?.ended;
      await world.pace.takes(SHUTDOWN_TAKES, asked?.power.signal ?? AbortSignal.abort()).catch(() => undefined);
      await stop();
    },
    async onReset(boot) {
      await stop();
      start(boot);
    },
  };
  const faults = notedFaults(faultRules(), () => chassis.power(), note);
  const chassis: SimulatedChassis = simulatedChassis({ ...chassisSpec(spec), hardware, power: 'off', faults }, machine);
  const parts = machineParts(spec, disks, { hardware, logEvent: chassis.logEvent });

  return {
    spec,
    chassis,
    disks,
    parts,
    stage: () => state.stage,
    console: () => state.lines,
    losePowerAfterChunks(count) {
      state.powerFailsAfter = count;
    },
    hangKubelet() {
      state.kubeletHangs = true;
    },
    close: stop,
  };
}

type Parts = {
  spec: MachineSpec;
  world: MachineWorld;
  disks: SimulatedDisk[];
  state: State;
  chassis: SimulatedChassis;
  parts: MachineParts;
  note: Note;
};

/** Boots again and again until the machine or somebody else turns the power off. Never rejects. */
async function run(
  { spec, world, disks, state, chassis, parts, note }: Parts,
  first: ChassisBoot,
  power: AbortController,
): Promise<void> {
  const say = (line: string) => {
    state.lines = [...state.lines.slice(-(MOST_LINES - 1)), line];
  };
  const goOff = () => {
    note({ what: 'power', power: 'off' });
    state.stage = 'off';
    state.current = undefined;
    chassis.machineStopped();
  };
  const hooks = {
    enter(stage: MachineStage) {
      state.stage = stage;
    },
    afterChunk(count: number) {
      if (count < state.powerFailsAfter) return;
      state.powerFailsAfter = Number.POSITIVE_INFINITY;
      say('the power failed');
      power.abort();
      goOff();
    },
  };
  const running = { power: power.signal, say, hung: () => state.kubeletHangs };
  const { stressMemory } = parts;
  try {
    for (let boot = first; ; boot = chassis.takeBoot()) {
      const end = await bootMachine({
        spec: { ...spec, memory: parts.memory() },
        disks,
        world,
        running,
        boot,
        stressMemory,
        ...hooks,
      });
      if (end === 'power_off') return goOff();
      say('rebooting');
    }
  } catch (cause) {
    if (power.signal.aborted) return;
    // As a crashed machine: powered on, doing nothing, with its last words on the console.
    say(`crashed: ${cause instanceof Error ? (cause.stack ?? cause.message) : String(cause)}`);
    chassis.logEvent('critical', 'The operating system stopped unexpectedly');
  }
}

function chassisSpec({ identity, firmwareMode }: MachineSpec) {
  return { identity: { ...identity, bmcFirmware: '1.0.0' }, firmwareMode };
}
