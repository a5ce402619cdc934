// One real server in one real rack network: QEMU with its firmware, a BMC simulator in front of it, a management link, a cluster.
import { randomBytes } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { QemuChassis } from '@rackwright/virtual-rack-app/qemu/qemu-chassis.ts';
import { qemuChassis } from '@rackwright/virtual-rack-app/qemu/qemu-chassis.ts';
import { rackNetwork, type RackNetwork } from '@rackwright/virtual-rack-app/qemu/rack-network.ts';
import { runProgram } from '@rackwright/virtual-rack-app/qemu/run-program.ts';
import { startRedfishServer, type RedfishServer } from '@rackwright/virtual-rack-app/redfish/start-redfish-server.ts';
import { startRealControlPlane, type RealControlPlane } from '@rackwright/testkit/kubernetes/real-control-plane.ts';

export const GIB = 1024 ** 3;
export const DISK_SERIAL = 'RW-SSD-0001';
export const MAC = '52:54:00:00:00:01';
export const SERIAL = 'RW-QEMU-0001';

export type RealRack = {
  network: RackNetwork;
  machine: QemuChassis;
  bmc: RedfishServer & { credentials: { username: string; password: string } };
  controlPlane: RealControlPlane;
  diskPath: string;
  /** The management network's two ends: BMCs and people outside, Rackwright inside. */
  management: { outside: string; inside: string };
  kubectl(...args: string[]): Promise<string>;
  close(): Promise<void>;
};

/** Needs root. Everything it starts ends with `close`, in reverse order. */
export async function startRealRack(folder: string, firmwareMode: 'uefi' | 'bios'): Promise<RealRack> {
  const undo: (() => Promise<unknown>)[] = [];
  const close = async (): Promise<void> => {
    for (const end of undo.splice(0).reverse()) await end().catch(() => undefined);
  };
  try {
    const network = await rackNetwork(`rw${process.pid}`);
    undo.push(() => network.close());
    const management = await managementLink(network.namespace);
    const controlPlane = await startRealControlPlane({
      dir: join(folder, 'control-plane'),
      address: network.address,
      port: 6443,
      netns: network.namespace,
    });
    undo.push(() => controlPlane.close());

    mkdirSync(join(folder, 'server'), { recursive: true });
    const diskPath = join(folder, 'server', 'disk.raw');
    const machine = qemuChassis(
      {
        identity: {
          vendor: 'QEMU',
          model: 'Virtual Server',
          serial: SERIAL,
          uuid: '0f7a1c3e-5b2d-4c6f-8e9a-000000000001',
          assetTag: 'A-QEMU-1',
          bmcFirmware: '1.0.0',
          biosVersion: 'OVMF',
        },
        firmwareMode,
        memoryMiB: 1536,
        cpus: 2,
        disks: [{ path: diskPath, serial: DISK_SERIAL, sizeBytes: 4 * GIB, bus: 'virtio' }],
        nics: [{ tap: await network.addTap(), mac: MAC }],
      },
      { network, folder: join(folder, 'server') },
    );
    undo.push(() => machine.server.close());

    const credentials = { username: 'admin', password: randomBytes(9).toString('base64url') };
    const bmc = await startRedfishServer({ host: management.outside, port: 0, credentials, chassis: machine.chassis });
    undo.push(() => bmc.close());

    const kubeconfig = join(folder, 'control-plane', 'admin.kubeconfig');
    const kubernetes =
      process.env['RACKWRIGHT_KUBERNETES'] ?? join(process.env['HOME'] ?? '/root', '.cache/rackwright/kubernetes-1.20.2');
    const kubectl = async (...args: string[]): Promise<string> => {
      const [program, ...rest] = network.inside(join(kubernetes, 'kubectl'), `--kubeconfig=${kubeconfig}`, ...args);
      return runProgram(program, rest);
    };
    return { network, machine, bmc: { ...bmc, credentials }, controlPlane, diskPath, management, kubectl, close };
  } catch (cause) {
    await close();
    throw cause;
  }
}

/** A cable between the rack's namespace and ours, as the management network of a data centre is apart from the provisioning one. */
async function managementLink(namespace: string): Promise<{ outside: string; inside: string }> {
  const outside = '10.78.0.1';
  const inside = '10.78.0.2';
  const near = `rwm${process.pid}`.slice(0, 15);
  await runProgram('ip', ['link', 'add', near, 'type', 'veth', 'peer', 'name', 'mgmt0', 'netns', namespace]);
  await runProgram('ip', ['addr', 'add', `${outside}/30`, 'dev', near]);
  await runProgram('ip', ['link', 'set', near, 'up']);
  await runProgram('ip', ['-n', namespace, 'addr', 'add', `${inside}/30`, 'dev', 'mgmt0']);
  await runProgram('ip', ['-n', namespace, 'link', 'set', 'mgmt0', 'up']);
  return { outside, inside };
}
