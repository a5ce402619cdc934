// What each scheduled task picks, does and reports, over real HTTP and against simulated BMCs.
import { postgresRunStore } from '@rackwright/store/operations/run-store.ts';
import type { OperationId } from '@rackwright/domain/ids.ts';
import { bmcCertificate } from '@rackwright/virtual-rack-app/redfish/bmc-certificate.ts';
import { expect, test } from 'vitest';
import type { Json } from './api-server.ts';
import { eventually, useSchedules } from './schedule-world.ts';

const world = useSchedules();
const { api } = world;
const { call } = api;
const DAY = 86_400_000;

const accept = (id: string, product: string, parts: object = {}) => {
  const none = { cpu: { sockets: 1 }, memoryBytes: 0, disks: [], nics: [] };
  const inspection = { ...none, ...parts, system: { product, serial: `of-${product}`, biosVersion: 'U1.0' } };
  return api.sql(`insert into accepted_hardware (server_id, inspection, operation_id) values ($1, $2, 'op_x')`, [
    id,
    JSON.stringify(inspection),
  ]);
};
const run = async (body: object): Promise<Json> => world.ended(await world.runNow((await world.schedule(body)).id));
const bySubject = async (ended: Json): Promise<Record<string, Json>> =>
  Object.fromEntries((await world.items(ended)).map((item) => [item.subject.name, item]));
const wait = async (id: string): Promise<Json[]> => {
  let items: Json[] = [];
  await eventually(async () => {
    const { body } = await call('GET', `/v1/schedules/${id}/runs`);
    items = await world.items(body.items[0]);
    expect(items.some(({ state }) => state === 'waiting')).toBe(true);
  });
  return items.filter(({ state }) => state === 'waiting');
};
/** As the worker that ran it would end it. */
async function end(operationId: OperationId, how: 'finish' | 'fail'): Promise<void> {
  const runs = postgresRunStore(api.database);
  const claim = await runs.claim(operationId, 'test', 60_000);
  if (typeof claim === 'string') throw new Error(claim);
  const error = { kind: 'fault', code: 'bmc_unreachable', message: 'silent', retry: 'later', facts: {} } as const;
  await (how === 'finish' ? runs.finish(claim) : runs.fail(claim, error, 'fail'));
}

test('firmware drift: what runs against what the model expects', async () => {
  await call('POST', '/v1/hardware-models', { name: 'fw-model', product: 'FW1', bmcFirmware: '1.20', biosVersion: 'U2.0' });
  await call('POST', '/v1/hardware-models', { name: 'fw-same', product: 'FW2', bmcFirmware: '1.20' });
  for (const [name, product] of [
    ['fw-old', 'FW1'],
    ['fw-fine', 'FW2'],
    ['fw-free', 'FW3'],
  ] as const) {
    const { server } = await world.bmc(`SN-${name}`, 'on');
    await accept(await world.server(name, 'in_service', server), product);
  }
  world.worker();
  const ended = await run({ task: 'firmware_drift', filter: 'name~"fw-*"' });
  expect(ended).toMatchObject({
    state: 'succeeded',
    artefact: {
      totals: { drift: 1, as_expected: 1 },
      findings: [
        {
          subject: { name: 'fw-old' },
          compared: [
            { part: 'bmc', seen: '1.20', expected: '1.20' },
            { part: 'bios', seen: 'U1.0', expected: 'U2.0' },
          ],
        },
      ],
    },
  });
  expect((await bySubject(ended))['fw-free']).toMatchObject({
    state: 'skipped',
    reason: { code: 'nothing_expected' },
    params: { product: 'FW3' },
  });
});

test('inspection: in service the BMC is asked, without a boot; available servers are onboarded again, few at once', async () => {
  const serving = await world.bmc('SN-ins-serving', 'on');
  await accept(await world.server('ins-serving', 'in_service', serving.server), 'ins-serving', {
    cpu: { sockets: 2 },
    disks: [{ serial: 'SN-ins-serving-D1' }, { serial: 'D2' }],
  });
  const young = await world.server('ins-young', 'available', (await world.bmc('SN-ins-young', 'off')).server);
  await accept(young, 'ins-young');
  for (const n of [1, 2]) await world.server(`ins-${n}`, 'available', (await world.bmc(`SN-ins-${n}`, 'off')).server);
  world.worker();
  const schedule = await world.schedule({ task: 'inspection', params: { atOnce: 1 }, filter: 'name~"ins-*"' });
  const begun = await world.runNow(schedule.id);
  for (const how of ['finish', 'fail'] as const) {
    const [item, ...others] = await wait(schedule.id);
    expect(others).toEqual([]);
    expect((await call('GET', `/v1/operations/${item.operationId}`)).body).toMatchObject({
      type: 'onboard',
      requestedBy: { principal: `schedule ${schedule.name}` },
      reason: 'periodic inspection',
    });
    expect(api.woken).toContain(item.operationId);
    await eventually(async () => {
      expect((await call('GET', `/v1/schedules/${schedule.id}/runs/${begun.id}`)).body.waitingFor).toMatchObject({
        code: 'schedule_items',
      });
    });
    await end(item.operationId, how);
    await eventually(async () =>
      expect((await world.items(begun)).find(({ position }) => position === item.position)?.state).not.toBe('waiting'),
    );
  }
  const ended = await world.ended(begun);
  expect(ended).toMatchObject({ state: 'failed', items: { picked: 3, skipped: 1, done: 2, failed: 1 } });
  const items = await bySubject(ended);
  expect(items['ins-young']).toMatchObject({ state: 'skipped', reason: { code: 'too_recent' } });
  expect(items['ins-serving']).toMatchObject({
    state: 'done',
    operationId: null,
    result: { finding: 'differs', differences: [{ part: 'serial' }, { part: 'disk', what: 'disk D2 is gone' }, { part: 'cpu' }] },
  });
  expect(serving.chassis.power()).toBe('on');
  expect([items['ins-1'].state, items['ins-2'].state]).toEqual(['done', 'failed']);
  expect(items['ins-2'].error).toMatchObject({ code: 'bmc_unreachable', whatToDo: expect.any(String) });
});

test('repair sweep: reports what the table allows next; with act begin it begins that', async () => {
  const url = (await world.bmc('SN-rep-1', 'off')).server;
  const failed = await world.server('rep-1', 'onboarding_failed', url);
  const quarantined = await world.server('rep-2', 'quarantined', null);
  await world.server('rep-3', 'available', null);
  await api.sql(`update servers set state_since = now() - interval '2 hours' where id = any($1)`, [[failed, quarantined]]);
  world.worker();
  const filter = 'name~"rep-*"';
  expect(await run({ task: 'repair_sweep', filter })).toMatchObject({
    state: 'succeeded',
    artefact: {
      totals: { onboarding_failed: 1, quarantined: 1 },
      findings: [
        { subject: { name: 'rep-1' }, next: 'onboard' },
        { subject: { name: 'rep-2' }, next: 'release' },
      ],
    },
  });
  const acting = await world.schedule({ task: 'repair_sweep', params: { act: 'begin' }, filter });
  const begun = await world.runNow(acting.id);
  const [item] = await wait(acting.id);
  await end(item.operationId, 'finish');
  const ended = await world.ended(begun);
  expect(ended).toMatchObject({ state: 'succeeded', items: { picked: 1, skipped: 2 } });
  expect(await bySubject(ended)).toMatchObject({
    'rep-1': { result: { finding: 'mended', state: 'available' } },
    'rep-2': { reason: { code: 'no_bmc' } },
    'rep-3': { reason: { code: 'state_not_meant' } },
  });
});

test('decommission: not before its day, never more than its most; the run that ends leaves the operation alone', async () => {
  for (const n of [1, 2, 3]) await world.server(`dec-${n}`, 'available', (await world.bmc(`SN-dec-${n}`, 'off')).server);
  const from = new Date(Date.now() + 10 * DAY).toISOString().slice(0, 10);
  world.worker();
  const filter = 'name~"dec-*"';
  const early = await run({ task: 'decommission', params: { outcome: 'scrapped', from }, filter });
  expect((await bySubject(early))['dec-1']).toMatchObject({ state: 'skipped', reason: { code: 'not_yet' }, params: { from } });
  const schedule = await world.schedule({
    task: 'decommission',
    params: { outcome: 'scrapped', most: 2 },
    filter,
    limitMinutes: 30,
  });
  const begun = await world.runNow(schedule.id);
  await eventually(async () => expect(await wait(schedule.id)).toHaveLength(2));
  const [item] = await wait(schedule.id);
  expect((await call('GET', `/v1/operations/${item.operationId}`)).body).toMatchObject({
    type: 'retire',
    params: { outcome: 'scrapped' },
  });
  world.setAhead(3_600_000);
  const ended = await world.ended(begun);
  expect(ended).toMatchObject({ state: 'failed', items: { picked: 2, skipped: 1, failed: 2 } });
  const items = await bySubject(ended);
  expect(items['dec-3']).toMatchObject({ reason: { code: 'over_the_limit' }, params: { most: 2 } });
  expect(items['dec-1'].error).toMatchObject({
    code: 'schedule_run_out_of_time',
    params: { operationId: items['dec-1'].operationId },
  });
  expect((await call('GET', `/v1/operations/${items['dec-1'].operationId}`)).body.state).toBe('running');
});

test('certificates: of clusters and BMCs, the one that ends first decides; a pinned one ends nobody knows when', async () => {
  const [lasting, ended] = [bmcCertificate(['bmc']).cert, bmcCertificate(['bmc'], new Date(Date.now() - 3_640 * DAY)).cert];
  const user = Buffer.from(ended).toString('base64');
  const kubeconfig = `apiVersion: v1
kind: Config
current-context: c
contexts: [{ name: c, context: { cluster: k, user: u } }]
clusters: [{ name: k, cluster: { server: 'https://10.0.0.1:6443' } }]
users: [{ name: u, user: { client-certificate-data: ${user}, client-key-data: ${user} } }]
`;
  const cluster = {
    name: 'cert-cluster',
    apiEndpoint: 'https://10.0.0.1:6443',
    ca: lasting,
    kubernetesVersion: '1.31.0',
    credentials: kubeconfig,
  };
  const made = await call('POST', '/v1/clusters', cluster);
  expect(made.status, JSON.stringify(made.body)).toBe(201);
  const { server } = await world.bmc('SN-cert-ca', 'off');
  const withCa = await world.server('cert-ca', 'available', server);
  await api.sql(`update server_bmcs set tls = $2 where server_id = $1`, [withCa, JSON.stringify({ mode: 'ca', ca: lasting })]);
  await world.server('cert-none', 'available', (await world.bmc('SN-cert-none', 'off')).server);
  world.worker();
  const result = await run({ task: 'certificate_expiry', params: { withinDays: 30 }, filter: 'name~"cert-*"' });
  expect(result).toMatchObject({
    state: 'succeeded',
    artefact: { totals: { expires_soon: 1, lasts: 1 }, findings: [{ subject: { name: 'cert-cluster' } }] },
  });
  const items = await bySubject(result);
  expect(items['cert-cluster'].result.certificates).toMatchObject([
    { what: 'cluster CA', subject: 'CN=Virtual rack BMC', finding: 'lasts' },
    { what: 'client certificate', finding: 'expires_soon', daysLeft: expect.any(Number) },
  ]);
  expect(items['cert-none']).toMatchObject({ state: 'skipped', reason: { code: 'no_certificate' } });
});
