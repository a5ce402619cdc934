// What goes wrong in a rack every week: a wrong password, a damaged image, a disk that was swapped. Each a clear error, nothing half done.
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { minutes } from '@rackwright/domain/durations.ts';
import { standInImage } from '@rackwright/rackwright-app/demo/stand-in-files.ts';
import type { OperationSeen } from '@rackwright/rackwright-app/client/api-client.ts';
import type { VirtualServer } from '@rackwright/virtual-rack-app/virtual-rack.ts';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type ServerSeen, type SimulatedSite, startSimulatedSite } from './simulated-site.ts';

const LIMIT = minutes(1);
let site: SimulatedSite;
beforeAll(async () => {
  site = await startSimulatedSite(4);
});
afterAll(() => site?.close());

/** Our record and the machine behind it; even numbers speak Redfish, odd ones IPMI. */
function server(n: number): { id: string; machine: VirtualServer } {
  const machine = site.rack.servers[n];
  const onFile = site.onFile.servers.find(({ name }) => name === machine?.name);
  if (!machine || !onFile) throw new Error(`no server ${n}`);
  return { id: onFile.id, machine };
}

const stateOf = async (id: string): Promise<string> => (await site.api.get<ServerSeen>(`/v1/servers/${id}`)).state;

/** The operation as it ended, however it ended. */
async function ended(id: string, request: object): Promise<OperationSeen> {
  const end = Date.now() + LIMIT;
  let operation = await site.api.post<OperationSeen>(`/v1/servers/${id}/operations`, request);
  while (!operation.done) {
    if (Date.now() > end) throw new Error(`${operation.id} goes on: ${JSON.stringify(operation.waitingFor)}`);
    await pause(100);
    operation = await site.api.get<OperationSeen>(`/v1/operations/${operation.id}`);
  }
  return operation;
}

const onboarded = (id: string) => site.api.operate(id, { type: 'onboard' }, { limitMs: LIMIT });
const provision = () => ({
  type: 'provision',
  params: { imageDigest: site.onFile.imageDigest, clusterId: site.onFile.clusterId },
});

/** Counts what matches without getting in its way. */
function counter({ machine }: { machine: VirtualServer }, match: string): () => number {
  const most = 1_000;
  const id = machine.chassis.faults.add({ match, delayMs: 0, count: most });
  return () => most - (machine.chassis.faults.list().find((rule) => rule.id === id)?.left ?? 0);
}

test.each([
  [0, 'Redfish', '/SessionService/Sessions$'],
  [1, 'IPMI', 'open session'],
])('server %i: a wrong BMC password (%s) is tried once and named; the right one onboards', async (n, _protocol, login) => {
  const { id, machine } = server(n);
  const logins = counter({ machine }, login);
  await site.api.patch(`/v1/servers/${id}`, { bmc: { credentials: { ...machine.credentials, password: 'Wr0ng-One' } } });
  const failed = await ended(id, { type: 'onboard' });
  expect(failed).toMatchObject({ state: 'failed', error: { code: 'bmc_auth_failed' } });
  expect(JSON.stringify(failed)).not.toContain('Wr0ng-One');
  expect(await stateOf(id)).toBe('onboarding_failed');
  expect(logins()).toBe(1);
  expect(machine.chassis.power()).toBe('off');

  await site.api.patch(`/v1/servers/${id}`, { bmc: { credentials: machine.credentials } });
  await onboarded(id);
  expect(await stateOf(id)).toBe('available');
  expect(readFileSync(site.logFile, 'utf8')).not.toContain('Wr0ng-One');
});

test('an image that was damaged in the store is not installed; sending it again mends it', async () => {
  const { id, machine } = server(2);
  await onboarded(id);
  const folder = join(dirname(site.logFile), 'data', 'images', site.onFile.imageDigest);
  const chunk = join(folder, readdirSync(folder).find((name) => name.endsWith('.zst')) ?? '');
  const sound = readFileSync(chunk);
  const damaged = Buffer.from(sound);
  damaged.writeUInt8(damaged.readUInt8(100) ^ 0xff, 100);
  writeFileSync(chunk, damaged);

  const failed = await ended(id, provision());
  expect(failed).toMatchObject({ state: 'failed', error: { code: 'checksum_mismatch' } });
  expect(await stateOf(id)).toBe('provisioning_failed');
  expect(machine.chassis.power()).toBe('off');
  // Checked before any of it reaches the disk.
  expect(machine.machine.disks.map(({ content }) => content.kind)).toEqual(['foreign']);
  expect(site.kubernetes.objects('/nodes')).toEqual([]);
  expect(site.kubernetes.objects('/secrets').filter((secret) => secret['type'] === 'bootstrap.kubernetes.io/token')).toEqual([]);

  await site.api.put('/v1/images/stand-in?os=simulated&rootPartition=3&seedPartition=2', standInImage());
  expect(readFileSync(chunk).equals(sound)).toBe(true);
  await site.api.operate(id, provision(), { limitMs: LIMIT });
  expect(await stateOf(id)).toBe('in_service');
});

test('a disk that was swapped after onboarding: nothing is written, and the error names both serials', async () => {
  const { id, machine } = server(3);
  await onboarded(id);
  const [disk] = machine.spec.disks;
  if (!disk) throw new Error('a server without disks');
  disk.reportedSerial = 'SWAPPED-1';
  const failed = await ended(id, provision());
  expect(failed).toMatchObject({ state: 'failed', error: { code: 'hardware_changed' } });
  expect(JSON.stringify(failed.error)).toContain(`disk ${disk.serial} is gone; disk SWAPPED-1 is new`);
  // Nothing was written, so it is what it was: nobody's, and one more onboarding from being known again.
  expect(await stateOf(id)).toBe('available');
  expect(machine.chassis.power()).toBe('off');
  expect(machine.machine.disks.every(({ content }) => content.kind === 'foreign')).toBe(true);

  await onboarded(id);
  await site.api.operate(id, provision(), { limitMs: LIMIT });
  expect(await stateOf(id)).toBe('in_service');
});
