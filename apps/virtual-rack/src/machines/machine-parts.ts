// The parts of a simulated server that break and are replaced: what firmware, BMC and agent count follows.
import type { ChassisEvent, ChassisHardware } from '../chassis.ts';
import { type SimulatedDisk, simulatedDisks } from './disks.ts';
import type { DiskSpec, MachineSpec } from './machine-spec.ts';

type Module = MachineSpec['memory'][number] & { health: 'good' | 'dead' | 'weak' };

export type MachineParts = {
  /** The modules that firmware finds: dead ones are not among them. */
  memory(): MachineSpec['memory'];
  /** What happens when all memory is written and read again: undefined, or the fault, which its BMC logs too. */
  stressMemory(): string | undefined;
  /** An uncorrectable error: the module is mapped out, and the BMC logs it. Throws RangeError where there is none. */
  killModule(slot: string): void;
  /** It is counted, and fails when it is worked hard. */
  weakenModule(slot: string): void;
  replaceModule(slot: string, serial: string): void;
  pullDisk(serial: string): void;
  insertDisk(spec: DiskSpec): void;
};

type Behind = {
  hardware: ChassisHardware;
  logEvent: (severity: ChassisEvent['severity'], message: string) => void;
};

/** @param disks  changed in place: what boots next finds what is plugged in then */
export function machineParts(spec: MachineSpec, disks: SimulatedDisk[], { hardware, logEvent }: Behind): MachineParts {
  const modules: Module[] = spec.memory.map((module) => ({ ...module, health: 'good' }));
  const at = (slot: string): Module => {
    const module = modules.find((one) => one.slot === slot);
    if (!module) throw new RangeError(`${spec.name} has no ${slot}`);
    return module;
  };
  const counted = () => modules.filter(({ health }) => health !== 'dead');
  const recount = (): void => {
    hardware.memory = counted().map(({ slot, sizeBytes }) => ({ slot, sizeBytes }));
    hardware.disks = disks.map(({ spec: { serial, model, sizeBytes } }) => ({ serial, model, sizeBytes }));
  };
  return {
    memory: () => counted().map(({ health: _health, ...module }) => module),
    stressMemory() {
      const weak = modules.find(({ health }) => health === 'weak');
      if (!weak) return undefined;
      logEvent('critical', `Uncorrectable ECC error, ${weak.slot}`);
      return `a block of memory read back otherwise than it was written (${weak.slot})`;
    },
    killModule(slot) {
      at(slot).health = 'dead';
      logEvent('critical', `Uncorrectable ECC error, ${slot}`);
      recount();
    },
    weakenModule(slot) {
      at(slot).health = 'weak';
    },
    replaceModule(slot, serial) {
      Object.assign(at(slot), { serial, health: 'good' });
      recount();
    },
    pullDisk(serial) {
      const place = disks.findIndex((disk) => disk.spec.serial === serial);
      if (place < 0) throw new RangeError(`${spec.name} has no disk ${serial}`);
      disks.splice(place, 1);
      recount();
    },
    insertDisk(disk) {
      disks.push(...simulatedDisks([disk]));
      recount();
    },
  };
}

/** As its BMC tells it. */
export function hardwareOf({ cpu, memory, nics, disks }: MachineSpec): ChassisHardware {
  const { sockets, model, cores, threads } = cpu;
  return {
    cpus: Array.from({ length: sockets }, () => ({ model, cores: cores / sockets, threads: threads / sockets })),
    memory: memory.map(({ slot, sizeBytes }) => ({ slot, sizeBytes })),
    nics: nics.map(({ mac, name }) => ({ mac, name })),
    disks: disks.map(({ serial, model: diskModel, sizeBytes }) => ({ serial, model: diskModel, sizeBytes })),
  };
}
