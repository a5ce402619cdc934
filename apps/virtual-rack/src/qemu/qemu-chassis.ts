// One QEMU server with its chassis, tied together: what a simulated BMC is given to look after.
import { simulatedChassis, type ChassisHardware, type ChassisSpec, type SimulatedChassis } from '../chassis.ts';
import type { QemuSpec } from './qemu-arguments.ts';
import { qemuServer, type QemuServer } from './qemu-server.ts';
import type { RackNetwork } from './rack-network.ts';

export type QemuChassis = { chassis: SimulatedChassis; server: QemuServer };

/** Off at first. `close` the server when done. */
export function qemuChassis(
  spec: QemuSpec & Pick<ChassisSpec, 'firmwareMode' | 'faults' | 'now'>,
  at: { network: RackNetwork; folder: string },
): QemuChassis {
  const server = qemuServer(spec, at, {
    stopped: () => chassis.machineStopped(),
    rebooting: () => chassis.takeBoot(),
    started: () => chassis.machineStarted(),
  });
  const { firmwareMode, faults, now } = spec;
  const chassis = simulatedChassis(
    {
      identity: spec.identity,
      hardware: partsOf(spec),
      ...(firmwareMode === undefined ? {} : { firmwareMode }),
      ...(faults === undefined ? {} : { faults }),
      ...(now === undefined ? {} : { now }),
    },
    server,
  );
  return { chassis, server };
}

/** What the BMC counts: the same parts that the agent will find. */
function partsOf(spec: QemuSpec): ChassisHardware {
  return {
    cpus: [{ model: 'QEMU TCG CPU', cores: spec.cpus, threads: spec.cpus }],
    memory: [{ slot: 'DIMM 0', sizeBytes: spec.memoryMiB * 1024 * 1024 }],
    nics: spec.nics.map(({ mac }, n) => ({ mac, name: `NIC.${n + 1}` })),
    disks: spec.disks.map(({ serial, sizeBytes, bus }) => ({ serial, model: `QEMU ${bus}`, sizeBytes })),
  };
}
