// A simulated server's installed system: network, first boot, then a kubelet until the power goes or somebody asks it to stop.
import { randomUUID } from 'node:crypto';
import { simulatedKubelet, type SimulatedKubelet } from '../kubernetes-api/simulated-kubelet.ts';
import { askForAddress } from './dhcp-client.ts';
import type { DiskContent } from './disks.ts';
import { runFirstBoot } from './first-boot.ts';
import type { MachineSpec } from './machine-spec.ts';
import type { MachineWorld, Running } from './machine-world.ts';
import { type JoinPlan, type NodePlan, readNodePlan } from './node-plan.ts';

export type InstalledSystem = {
  system: Extract<DiskContent, { kind: 'image' }>;
  spec: MachineSpec;
  world: MachineWorld;
  running: Running;
  /** The first user processes run: it can be asked to shut down. */
  onUp: () => void;
};

const BOOT_TAKES = 20_000;

/** Never ends by itself: rejects when the power goes. */
export async function runInstalledSystem(stage: InstalledSystem): Promise<never> {
  const { system, world, running } = stage;
  await world.pace.takes(BOOT_TAKES, running.power);
  stage.onUp();
  const plan = readNodePlan(system.seed);
  if (!plan) {
    running.say('cloud-init: no seed, nothing to do');
    return untilPowerGoes(running.power);
  }
  const address = await addressFor(stage, plan);
  running.say(`${plan.hostname} is up at ${address}`);
  if (!system.ranFirstBoot) {
    const mayJoin = await runFirstBoot({ plan, address, world, running });
    system.ranFirstBoot = true;
    system.joins = mayJoin;
  }
  if (!system.joins || !plan.join) return untilPowerGoes(running.power);

  const kubelet = startKubelet(stage, plan.join, address);
  try {
    return await untilPowerGoes(running.power);
  } finally {
    await kubelet.stop();
  }
}

/** Asks for ever, as systemd-networkd does. */
async function addressFor({ spec, world, running }: InstalledSystem, plan: NodePlan): Promise<string> {
  const { network, hostname } = plan;
  if (network.kind === 'static') return network.address;
  const [nic] = spec.nics;
  for (;;) {
    const lease = await askForAddress({
      kind: network.clientId === 'mac' ? 'os_mac' : 'os_duid',
      identity: { mac: nic?.mac ?? '', uuid: spec.identity.uuid, hostname },
      switchPort: spec.switchPort,
      relay: world.relay,
      pace: world.pace,
      power: running.power,
    });
    if (lease) return lease.address;
    await world.pace.pause(10_000, running.power);
  }
}

function startKubelet({ system, world, running }: InstalledSystem, join: JoinPlan, address: string): SimulatedKubelet {
  const { nodeName, labels, kubeletVersion } = join;
  // Over TLS each node has a certificate and so connections of its own.
  const { sockets, ...shared } = world.kubelet;
  return simulatedKubelet({
    url: join.apiServerUrl,
    ...(join.caPem === '' ? {} : { caData: join.caPem }),
    bootstrapToken: join.bootstrapToken,
    disk: system.kubelet,
    nodeName,
    bootId: randomUUID(),
    silent: () => running.hung() || world.cutOff(),
    addresses: [
      { type: 'InternalIP', address: join.nodeAddress ?? address },
      { type: 'Hostname', address: nodeName },
    ],
    labels,
    ...(kubeletVersion === undefined ? {} : { kubeletVersion }),
    ...shared,
    ...(sockets && join.apiServerUrl.startsWith('http:') ? { sockets } : {}),
    onTrouble: (cause) => running.say(`kubelet: ${cause instanceof Error ? cause.message : String(cause)}`),
  });
}

/** Rejects when the power goes; holds no timer. */
export function untilPowerGoes(power: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    if (power.aborted) reject(power.reason);
    power.addEventListener('abort', () => reject(power.reason), { once: true });
  });
}
