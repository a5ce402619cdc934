// One boot from power-on to its end: firmware, boot order, network or disk, and what runs then.
import type { FirmwareMode } from '@rackwright/domain/bmc.ts';
import type { ChassisBoot } from '../chassis.ts';
import { PowerOff } from './agent-calls.ts';
import { runAgent } from './agent-stage.ts';
import { bootableDisk, type SimulatedDisk } from './disks.ts';
import { runInstalledSystem, untilPowerGoes } from './installed-system.ts';
import type { MachineSpec } from './machine-spec.ts';
import type { MachineWorld, Running } from './machine-world.ts';
import { address, bootFromNetwork, type NetworkBoot } from './network-boot.ts';

export type MachineStage = 'off' | 'firmware' | 'firmware_menu' | 'ipxe' | 'agent' | 'os' | 'no_boot_device';

export type MachineBoot = {
  spec: MachineSpec;
  disks: readonly SimulatedDisk[];
  world: MachineWorld;
  running: Running;
  boot: ChassisBoot;
  enter(stage: MachineStage): void;
  afterChunk(count: number): void;
  stressMemory(): string | undefined;
};

const SELF_TEST_TAKES = 45_000;
/** Servers go through their boot order again after a while, so that a network that was away costs no walk. */
const BOOT_RETRY = 30_000;

/** How the machine ended its own run. Rejects when the power goes. */
export type OwnEnd = 'reboot' | 'power_off';

export async function bootMachine(machine: MachineBoot): Promise<OwnEnd> {
  const { boot, world, running, enter } = machine;
  enter('firmware');
  await world.pace.takes(SELF_TEST_TAKES, running.power);
  for (const entry of bootOrder(boot)) {
    const end = entry === 'disk' ? await tryDisk(machine) : await tryNetwork(machine, entry === 'http');
    if (end) return end;
  }
  enter('no_boot_device');
  running.say('firmware: no boot device');
  // Its setup, and a medium that is not there, wait for a person.
  if (boot.device === 'cd' || boot.device === 'firmware_setup') return untilPowerGoes(running.power);
  await world.pace.pause(BOOT_RETRY, running.power);
  return 'reboot';
}

function bootOrder({ device }: ChassisBoot): ('network' | 'http' | 'disk')[] {
  switch (device) {
    case 'disk':
      return ['disk'];
    case 'network':
    case 'none':
      return ['network', 'disk'];
    case 'http':
      return ['http', 'disk'];
    case 'cd':
    case 'firmware_setup':
      return [];
  }
}

async function tryDisk({ disks, spec, world, running, enter }: MachineBoot): Promise<undefined> {
  const disk = bootableDisk(disks);
  if (disk?.content.kind !== 'image') return undefined;
  running.say(`firmware: booting disk ${disk.spec.serial}`);
  return runInstalledSystem({ system: disk.content, spec, world, running, onUp: () => enter('os') });
}

async function tryNetwork(machine: MachineBoot, overHttp: boolean): Promise<OwnEnd | undefined> {
  const { spec, world, running, boot, enter } = machine;
  const network: NetworkBoot = { spec, world, running, firmwareMode: boot.mode, overHttp, onIpxe: () => enter('ipxe') };
  const outcome = await bootFromNetwork(network);
  switch (outcome.kind) {
    case 'kernel':
      return startAgent(machine, outcome.commandLine, boot.mode);
    case 'reboot':
      return 'reboot';
    case 'poweroff':
      return 'power_off';
    case 'disk':
      return tryDisk(machine);
    case 'exit':
      return leaveIpxe(machine, outcome.status);
    case 'failed':
    case 'next':
      running.say(outcome.why);
      return undefined;
  }
}

/** UEFI takes a loader that ends well for a person's choice and shows its menu (UEFI 2.10 section 3.1.1); OVMF does. */
function leaveIpxe({ boot, running, enter }: MachineBoot, status: number): Promise<never> | undefined {
  if (boot.mode === 'bios' || status !== 0) return undefined;
  enter('firmware_menu');
  running.say('firmware: the loader returned success, showing the boot menu');
  return untilPowerGoes(running.power);
}

async function startAgent(machine: MachineBoot, commandLine: string, firmwareMode: FirmwareMode): Promise<OwnEnd | undefined> {
  const { spec, disks, world, running, enter, afterChunk, stressMemory } = machine;
  const word = (name: string) => new RegExp(`(?:^|\\s)${name.replaceAll('.', '\\.')}=(\\S+)`).exec(commandLine)?.[1];
  const url = word('rackwright.url');
  const token = word('rackwright.token');
  if (url === undefined || token === undefined) {
    running.say('agent: the kernel command line lacks rackwright.url or rackwright.token');
    return untilPowerGoes(running.power);
  }
  enter('agent');
  await world.pace.takes(5_000, running.power);
  let lease = await address(machine, 'agent');
  while (!lease) {
    await world.pace.pause(3_000, running.power);
    lease = await address(machine, 'agent');
  }
  try {
    const hooks = { afterChunk, stressMemory };
    return await runAgent({ url, token, from: lease.address, world, running, spec, disks, firmwareMode, ...hooks });
  } catch (cause) {
    if (!(cause instanceof PowerOff)) throw cause;
    running.say(`agent: powering off: ${cause.message}`);
    return 'power_off';
  }
}
