// Our driver reads and steers trees that were captured from real servers. They are others' work: read where present, never kept here.
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Clock } from '@rackwright/bmc/redfish/clock.ts';
import { connectRedfish } from '@rackwright/bmc/redfish/connect-redfish.ts';
import { needThatOrSkip } from '@rackwright/testkit/tools.ts';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { TreeServer } from './redfish-tree-server.ts';
import { serveTree } from './redfish-tree-server.ts';

const CAPTURES = process.env['RACKWRIGHT_REDFISH_CAPTURES'] ?? join(import.meta.dirname, '../../../../shared/redfish-captures');
const TERABYTE = 1e12;

type Expected = {
  file: string;
  vendor: string;
  model: string;
  system: string;
  manager: string;
  serialFrom: string;
  cpus: number;
  memoryGib: number;
  nics: number;
  disks: number;
  smallestDisk: number;
  logEntries: number;
};

const SERVERS: readonly Expected[] = [
  {
    file: 'dell.tar.gz',
    // The service tag on the label, not the board's number.
    vendor: 'Dell Inc.',
    model: 'PowerEdge R750',
    system: 'Systems/System.Embedded.1',
    manager: 'Managers/iDRAC.Embedded.1',
    serialFrom: 'SKU',
    cpus: 2,
    memoryGib: 512,
    nics: 5,
    disks: 3,
    smallestDisk: 1.9,
    logEntries: 5,
  },
  {
    file: 'hpe.tar.gz',
    vendor: 'HPE',
    model: 'ProLiant DL385 Gen10 Plus v2',
    system: 'Systems/1',
    manager: 'Managers/1',
    serialFrom: 'SerialNumber',
    cpus: 2,
    memoryGib: 1024,
    nics: 7,
    disks: 18,
    smallestDisk: 0.47,
    logEntries: 5,
  },
  {
    file: 'supermicro.tar.gz',
    vendor: 'Supermicro',
    model: 'SYS-821GE-TNHR',
    system: 'Systems/1',
    manager: 'Managers/1',
    serialFrom: 'SerialNumber',
    // Twelve interfaces are listed; one of them leads to the BMC itself.
    cpus: 2,
    memoryGib: 2048,
    nics: 11,
    disks: 8,
    smallestDisk: 7.6,
    logEntries: 82,
  },
];

/** Waits pass at once: nothing here takes time. */
function hastyClock(): Clock {
  let now = 0;
  return {
    now: () => now,
    wait: async (ms) => {
      now += ms;
    },
  };
}

describe.each(SERVERS)('$model', (server) => {
  let folder: string;
  let tree: TreeServer;
  beforeEach(async (ctx) => {
    const archive = join(CAPTURES, server.file);
    needThatOrSkip(ctx, `Redfish driver on the captured ${server.model}`, existsSync(archive), `captures, ${server.file}`);
    folder = await mkdtemp(join(tmpdir(), 'rackwright-capture-'));
    await promisify(execFile)('tar', ['-xzf', archive, '-C', folder]);
    tree = await serveTree(folder);
    return async () => {
      await tree.close();
      await rm(folder, { recursive: true });
    };
  });
  afterEach(() => {
    if (tree) expect(tree.sessions()).toBe(0);
  });

  const connect = () =>
    connectRedfish({ protocol: 'redfish', address: tree.url }, { username: 'root', password: 'any' }, { clock: hastyClock() });

  test('is read whole, without a warning', async () => {
    const bmc = await connect();
    const hardware = await bmc.hardware();
    const log = await bmc.eventLog();
    await bmc.close();
    expect(hardware).toMatchObject({
      identity: { vendor: server.vendor, model: server.model },
      cpuCount: server.cpus,
      warnings: [],
    });
    // Serial numbers stay in the capture: compared with it, not written here.
    const system = JSON.parse(await readFile(join(folder, 'redfish/v1', server.system, 'index.json'), 'utf8'));
    expect(hardware.identity.serial).toBe(system[server.serialFrom]);
    expect(hardware.memoryBytes).toBe(server.memoryGib * 1024 ** 3);
    expect(hardware.nics).toHaveLength(server.nics);
    expect(new Set(hardware.disks.map(({ serial }) => serial)).size).toBe(server.disks);
    expect(Math.min(...hardware.disks.map(({ sizeBytes }) => sizeBytes))).toBeGreaterThan(server.smallestDisk * TERABYTE);
    expect(log).toHaveLength(server.logEntries);
    expect(log.every(({ at, message }) => at !== null && message !== '')).toBe(true);
  });

  test('restarts its BMC where its own document says, with a type that it lists', async () => {
    const bmc = await connect();
    await bmc.resetBmc();
    expect(await bmc.power()).toBe('on');
    await bmc.close();
    const target = `/redfish/v1/${server.manager}/Actions/Manager.Reset`;
    expect(tree.managerResets).toEqual([{ target, body: { ResetType: 'GracefulRestart' } }]);
  });

  test('obeys: off, one boot from the network, on, light', async () => {
    const bmc = await connect();
    expect(await bmc.power()).toBe('on');
    await bmc.setPower('graceful_off');
    expect(await bmc.bootOnce('network', 'uefi')).toEqual({ device: 'network', once: true, mode: 'uefi' });
    await bmc.setPower('on');
    expect(await bmc.power()).toBe('on');
    expect(await bmc.bootOnce('none', 'uefi')).toMatchObject({ device: 'none' });
    const dark = await bmc.identifyLed();
    await bmc.setIdentifyLed(true);
    expect([dark, await bmc.identifyLed()]).toEqual([false, true]);
    await bmc.setIdentifyLed(false);
    expect(await bmc.identifyLed()).toBe(false);
    await bmc.close();
  });
});
