// Replacements over real HTTP: planned without a trace, begun once, shown, listed, cancelled, and refused in the words of the catalogue.
import { randomUUID } from 'node:crypto';
import { stagePasswordChange } from '@rackwright/store/bmc-passwords/password-changes.ts';
import { newId } from '@rackwright/store/new-id.ts';
import { postgresServers } from '@rackwright/store/ports/postgres-servers.ts';
import { inspectionWith } from '@rackwright/testkit/postgres/stocked-inventory.ts';
import type { ServerId } from '@rackwright/domain/ids.ts';
import { beforeEach, expect, test } from 'vitest';
import { furnish, newBmc, TEST_KEYRING, useApi } from './api-server.ts';

const api = useApi();
const { call, woken } = api;
let place: { siteId: string; networkId: string; rackId: string };
let sites = 0;
let numbered = 0;

beforeEach(async () => {
  // A site of its own: spares are looked for within it.
  place = await furnish(call, `SITE${++sites}`);
});

async function server(state: string): Promise<ServerId> {
  const n = ++numbered;
  const nics = { [`52:54:00:00:03:${n.toString(16).padStart(2, '0')}`]: { boot: true } };
  const body = { name: `P${n}`, serial: `RP-${n}`, ...place, nics, bmc: newBmc() };
  const { id } = (await call('POST', '/v1/servers', body)).body;
  await api.sql(`update servers set state = $2::server_state where id = $1`, [id, state]);
  await postgresServers(api.database).acceptHardware(id, inspectionWith([`D${n}`]), newId('operation'));
  return id;
}

async function serving(): Promise<ServerId> {
  const id = await server('in_service');
  const assignment = { clusterId: null, nodeName: `n${numbered}`, imageDigest: 'sha256-1', rootDiskSerial: 'D', nodeUid: 'u' };
  await postgresServers(api.database).assign(id, { ...assignment, nodeLabels: { pool: 'x' } }, newId('operation'));
  return id;
}

const replace = (id: string, body: object = {}, key: string | undefined = randomUUID()) =>
  call('POST', `/v1/servers/${id}/replacements`, body, key === undefined ? {} : { 'idempotency-key': key });

test('a plan says which spare and why not the others, and leaves no trace', async () => {
  const [broken, near, far] = [await serving(), await server('available'), await server('available')];
  await api.sql('update servers set rack_id = null where id = $1', [far]);
  const plan = await call('POST', `/v1/servers/${broken}/replacements?dryRun=true`, {});
  expect(plan).toMatchObject({
    status: 200,
    body: {
      kind: 'replacement_plan',
      serverId: broken,
      order: 'spare_first',
      install: { clusterId: null, imageDigest: 'sha256-1', nodeLabels: { pool: 'x' } },
      takesOut: true,
      choice: {
        chosen: { id: near, facts: { sameRack: true, sameModel: true } },
        passedOver: [{ id: far, reason: 'other_failure_domain' }],
        passedOverCount: 1,
      },
    },
  });
  expect((await call('GET', `/v1/replacements?serverId=${broken}`)).body.items).toEqual([]);
  expect((await call('GET', `/v1/servers/${near}`)).body).toMatchObject({ state: 'available', currentOperationId: null });
});

test('begun once for one key, shown from both servers, cancelled twice', async () => {
  const [broken, spare] = [await serving(), await server('available')];
  expect(await replace(broken, {}, '')).toMatchObject({ status: 400 });
  expect(await call('POST', `/v1/servers/${broken}/replacements`, {})).toMatchObject({
    status: 400,
    body: { code: 'idempotency_key_required' },
  });
  const key = randomUUID();
  const begun = await replace(broken, { reason: 'dead DIMM' }, key);
  const { id, spareOperationId } = begun.body;
  expect(begun).toMatchObject({
    status: 202,
    body: {
      kind: 'replacement',
      state: 'taking_in',
      done: false,
      broken: { id: broken },
      spare: { id: spare },
      requestedBy: { principal: 'local' },
      reason: 'dead DIMM',
      error: null,
    },
  });
  expect(begun.headers.get('location')).toBe(`/v1/replacements/${id}`);
  expect(woken).toContain(spareOperationId);
  expect((await replace(broken, { reason: 'dead DIMM' }, key)).body).toEqual(begun.body);
  expect(await replace(broken)).toMatchObject({
    status: 409,
    body: { code: 'replacement_in_progress', params: { replacementId: id } },
  });
  for (const one of [broken, spare])
    expect((await call('GET', `/v1/replacements?serverId=${one}&state=taking_in`)).body.items).toEqual([begun.body]);
  expect((await call('GET', `/v1/replacements/${id}`)).body).toEqual(begun.body);

  for (let n = 0; n < 2; n++)
    expect(await call('POST', `/v1/replacements/${id}/cancel`, {})).toMatchObject({
      status: 200,
      body: { state: 'cancelled', done: true, error: { code: 'operation_cancelled' } },
    });
  expect((await call('GET', `/v1/operations/${spareOperationId}`)).body.state).toBe('running');
});

test('what is refused', async () => {
  const broken = await serving();
  expect(await replace(broken)).toMatchObject({ status: 409, body: { code: 'no_spare', params: { looked: 0 } } });
  expect(await replace(await server('available'))).toMatchObject({ status: 409, body: { code: 'nothing_installed' } });
  expect(await replace(broken, { imageDigest: `sha256-${'c'.repeat(64)}` })).toMatchObject({
    status: 404,
    body: { code: 'image_unknown' },
  });
  expect(await replace(broken, { order: 'broken_first', spareId: broken })).toMatchObject({ status: 400 });
  expect(await replace(broken, { order: 'any' })).toMatchObject({ status: 400 });
  expect(await call('GET', '/v1/replacements/rpl_nope')).toMatchObject({ status: 404 });
  expect(await replace('srv_01JD9Z0000000000000000000A')).toMatchObject({ status: 404, body: { code: 'not_found' } });
});

test('the best spare is held while its BMC gets a new password: the next one is taken, and it says what was passed over', async () => {
  const broken = await serving();
  const [held, other] = [await server('available'), await server('available')];
  await api.sql('update servers set rack_id = null where id = $1', [other]);
  const lease = { holder: 'schedule passwords', parkedAs: 'schedule passwords', leaseMs: 600_000 };
  const change = { serverId: held, ...lease, reason: 'rotation', password: 'another-password' };
  await stagePasswordChange(api.database, TEST_KEYRING, change);
  const only = await call('POST', `/v1/servers/${broken}/replacements`, { spareId: held }, { 'idempotency-key': randomUUID() });
  expect(only).toMatchObject({
    status: 409,
    body: { code: 'no_spare', params: { because: 'server_held', holder: 'schedule passwords', looked: 1 } },
  });
  const begun = await replace(broken);
  expect(begun).toMatchObject({
    status: 202,
    body: {
      spare: { id: other },
      choice: {
        chosen: { id: other },
        passedOver: [{ id: held, reason: 'server_held', facts: { holder: 'schedule passwords', until: expect.any(String) } }],
        passedOverCount: 1,
      },
    },
  });
  expect((await call('GET', `/v1/servers/${held}`)).body).toMatchObject({ state: 'available', currentOperationId: null });
});
