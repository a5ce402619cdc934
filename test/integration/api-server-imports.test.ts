// CSV imports of servers over real HTTP and Postgres: planned, written, sent again, refused, half taken.
import { beforeAll, describe, expect, test } from 'vitest';
import { furnish, type Json, useApi } from './api-server.ts';

const api = useApi();
const { call } = api;

const HEADER =
  'name,serial,asset_tag,site,rack,u_position,u_height,face,network,address,mac_1,mac_2,bmc_protocol,bmc_address,bmc_username,bmc_password,label.pool';
const send = async (text: string | Uint8Array, query = '', type = 'text/csv'): Promise<{ status: number; body: Json }> => {
  const response = await fetch(`${api.url}/v1/imports/servers${query}`, {
    method: 'POST',
    headers: { 'content-type': type },
    body: text as string,
  });
  return { status: response.status, body: await response.json() };
};
const mac = (n: number) => `52:54:00:0a:${(n >> 8).toString(16).padStart(2, '0')}:${(n & 255).toString(16).padStart(2, '0')}`;
/** A whole row about server `n` in U`n` of the rack. */
const line = (n: number, over: Record<string, string> = {}): string => {
  const cells: Record<string, string> = {
    name: `I${n}`,
    serial: `IS-${n}`,
    asset_tag: `IA-${n}`,
    site: 'IMP',
    rack: 'IMP-R1',
    u_position: `${n}`,
    u_height: '1',
    face: 'front',
    network: 'prov',
    address: `10.77.0.${100 + n}`,
    mac_1: mac(2 * n),
    mac_2: mac(2 * n + 1),
    bmc_protocol: 'redfish',
    bmc_address: `10.9.0.${n}`,
    bmc_username: 'root',
    bmc_password: 'calvin-is-a-secret',
    'label.pool': 'gpu',
    ...over,
  };
  return HEADER.split(',')
    .map((column) => cells[column] ?? '')
    .join(',');
};
const file = (...lines: string[]) => [HEADER, ...lines].join('\r\n');
const everything = () =>
  api.sql(
    `select (select jsonb_agg(to_jsonb(s) order by s.id) from servers s) s, (select jsonb_agg(to_jsonb(n) order by n.mac) from nics n) n,
            (select jsonb_agg(to_jsonb(b) order by b.server_id) from server_bmcs b) b, (select count(*) from events) e`,
  );

beforeAll(async () => {
  await furnish(call, 'IMP');
  await furnish(call, 'OTHER');
});

describe('a good file', () => {
  test('is planned without a trace, then written, then changes nothing', async () => {
    const text = file(line(1), line(2), line(3, { address: '' }));
    const before = await everything();
    const planned = await send(text, '?dryRun=true');
    expect(planned.status).toBe(200);
    expect(planned.body).toMatchObject({
      dryRun: true,
      applied: false,
      counts: { rows: 3, created: 3, updated: 0, unchanged: 0, failed: 0 },
      created: [{ row: 2, id: null, name: 'I1', serial: 'IS-1' }, { row: 3 }, { row: 4 }],
    });
    expect(await everything()).toEqual(before);

    const written = await send(`\uFEFF${text}`);
    expect(written.body).toMatchObject({ dryRun: false, applied: true, counts: { created: 3, failed: 0 } });
    const { body: server } = await call('GET', `/v1/servers/${written.body.created[0].id}`);
    expect(server).toMatchObject({
      state: 'registered',
      name: 'I1',
      rackName: 'IMP-R1',
      uPosition: 1,
      address: '10.77.0.101',
      nics: { [mac(2)]: { boot: true }, [mac(3)]: { boot: false } },
      bmc: { protocol: 'redfish', address: 'https://10.9.0.1', hasCredentials: true },
      labels: { pool: 'gpu' },
    });
    expect((await call('GET', '/v1/servers/serial:IS-3')).body.address).toMatch(/^10\.77\.0\.\d+$/);

    const after = await everything();
    const again = await send(text);
    expect(again.body).toMatchObject({ applied: true, counts: { created: 0, updated: 0, unchanged: 3, failed: 0 } });
    expect(await everything()).toEqual(after);
    expect(JSON.stringify([planned.body, written.body, again.body]) + api.log()).not.toContain('calvin');
  });

  test('changes the cells that changed and no others', async () => {
    await send(file(line(4), line(5)));
    const changed = await send(
      'serial,name,u_position,label.zone,bmc_address,bmc_username,bmc_password\nIS-4,,14,z1,,,\nIS-5,I5-new,,,10.9.0.5,root,other\n',
    );
    expect(changed.body.counts).toMatchObject({ updated: 2, unchanged: 0, failed: 0 });
    expect(changed.body.updated.map((server: Json) => server.changed)).toEqual([
      ['u_position', 'label'],
      ['name', 'bmc_password'],
    ]);
    const { body } = await call('GET', '/v1/servers/serial:IS-4');
    expect(body).toMatchObject({
      name: 'I4',
      uPosition: 14,
      address: '10.77.0.104',
      labels: { pool: 'gpu', zone: 'z1' },
      version: 2,
    });
    expect(body.nics[mac(8)]).toEqual({ name: '', boot: true });
    expect((await call('GET', '/v1/servers/name:I5-new')).body.bmc).toMatchObject({
      address: 'https://10.9.0.5',
      hasCredentials: true,
    });
  });

  test('may swap the places, names and NICs of two servers', async () => {
    await send(file(line(6), line(7)));
    const swap = {
      asset_tag: 'IA-7',
      name: 'I7',
      u_position: '7',
      address: '10.77.0.107',
      mac_1: mac(14),
      mac_2: mac(15),
      bmc_address: '10.9.0.7',
    };
    const back = {
      asset_tag: 'IA-6',
      name: 'I6',
      u_position: '6',
      address: '10.77.0.106',
      mac_1: mac(12),
      mac_2: mac(13),
      bmc_address: '10.9.0.6',
    };
    const swapped = await send(file(line(6, swap), line(7, back)));
    expect(swapped.body).toMatchObject({ applied: true, counts: { updated: 2 }, errors: [] });
    expect((await call('GET', '/v1/servers/serial:IS-6')).body).toMatchObject({
      name: 'I7',
      uPosition: 7,
      address: '10.77.0.107',
    });
    expect((await call('GET', '/v1/servers/serial:IS-7')).body).toMatchObject({
      name: 'I6',
      uPosition: 6,
      address: '10.77.0.106',
    });
  });

  test('may give a new server the place that another one leaves', async () => {
    await send(file(line(8)));
    const both = await send(file(line(30, { u_position: '8' }), line(8, { u_position: '31' })));
    expect(both.body).toMatchObject({ applied: true, counts: { created: 1, updated: 1 } });
  });
});

describe('a file with wrong rows', () => {
  const wrong = () =>
    file(
      line(20),
      line(21, { u_position: 'x', face: 'side' }),
      line(22, { u_position: '20', name: 'I20' }),
      line(23, { mac_2: mac(40) }),
      line(24, { u_position: '1' }),
      line(25, { mac_1: mac(2), mac_2: '' }),
      line(26, { rack: 'NOWHERE' }),
      line(27, { u_position: '43' }),
      line(28, { address: '10.78.0.1' }),
      line(29, { bmc_address: '10.9.0.1', asset_tag: 'IA-1' }),
    );

  test('names every cell and writes nothing', async () => {
    const before = await everything();
    const refused = await send(wrong());
    expect(refused.status).toBe(422);
    expect(refused.body).toMatchObject({ applied: false, counts: { rows: 10, created: 1, failed: 9 } });
    expect(refused.body.errors.map((error: Json) => `${error.row} ${error.column}: ${error.message}`)).toEqual([
      '3 u_position: A number in steps of 0.5.',
      expect.stringMatching(/^3 face: /),
      '4 name: There is another server named I20.',
      `5 mac_2: MAC ${mac(40)} belongs to row 2.`,
      '6 u_position: U1 (front) of IMP-R1 is occupied by I1.',
      `7 mac_1: MAC ${mac(2)} belongs to I1.`,
      '8 rack: There is no rack NOWHERE.',
      '9 u_position: U43 is not in IMP-R1, which has 42 units.',
      '10 address: Address 10.78.0.1 is not a host address of 10.77.0.0/24.',
      '11 asset_tag: Asset tag IA-1 belongs to I1.',
    ]);
    expect(await everything()).toEqual(before);
    expect((await send(wrong(), '?dryRun=true')).status).toBe(200);
  });

  test('or writes the good ones when told to, and they are the same next time', async () => {
    const skipped = await send(wrong(), '?onError=skip');
    expect(skipped.status).toBe(200);
    expect(skipped.body).toMatchObject({ applied: true, counts: { created: 1, failed: 9 }, created: [{ serial: 'IS-20' }] });
    expect((await send(wrong(), '?onError=skip')).body.counts).toMatchObject({ created: 0, unchanged: 1, failed: 9 });
  });

  test('a row that waits for the place of a wrong one falls out with it', async () => {
    await send(file(line(32), line(33), line(34)));
    const chain = file(
      line(34, { u_position: '33' }),
      line(33, { u_position: '32' }),
      line(32, { u_position: '35', address: 'nonsense' }),
    );
    const skipped = await send(chain, '?onError=skip');
    expect(skipped.body.counts).toMatchObject({ updated: 0, failed: 3 });
    expect(skipped.body.errors.map((error: Json) => error.message)).toEqual([
      'U33 (front) of IMP-R1 is occupied by I33.',
      'U32 (front) of IMP-R1 is occupied by I32.',
      expect.stringContaining('IPv4'),
    ]);
  });

  test('two sites must be told apart; credentials go to no new address', async () => {
    const answer = await send('serial,name,bmc_address\nNEW-1,N1,\nIS-1,,10.9.9.9\nNEW-2,,\n');
    expect(answer.body.errors.map((error: Json) => `${error.row} ${error.column} ${error.code}`)).toEqual([
      '2 site missing',
      '3 bmc_address credentials_required',
      '4 site missing',
      '4 name missing',
    ]);
  });

  test('what a running operation relies on is not changed', async () => {
    await send(file(line(36)));
    const { body: server } = await call('GET', '/v1/servers/serial:IS-36');
    const begun = await call(
      'POST',
      `/v1/servers/${server.id}/operations`,
      { type: 'onboard' },
      { 'idempotency-key': 'import-1' },
    );
    expect(begun.status).toBe(202);
    const answer = await send(file(line(36, { address: '10.77.0.99', 'label.pool': 'cpu' })));
    expect(answer.body.errors).toMatchObject([{ row: 2, column: 'address', code: 'operation_in_progress' }]);
    expect((await send('serial,label.pool\nIS-36,cpu\n')).body).toMatchObject({ applied: true, counts: { updated: 1 } });
  });
});

describe('a file that cannot be read', () => {
  test.each([
    ['a quotation that never ends', 'serial,name\n"A,B\n', 'Row 2, column 1: a quotation that never ends.'],
    ['no such column', 'serial,colour\n', 'Row 1, column 2: there is no column "colour".'],
    ['not UTF-8', new Uint8Array([0x73, 0xa4, 0xa4]), 'Row 1, column 1: the file is not UTF-8.'],
    ['UTF-16', new Uint8Array([0xff, 0xfe, 0x73, 0]), 'Row 1, column 1: the file is not UTF-8.'],
    ['empty', new Uint8Array(), 'Row 1, column 1: the header is missing.'],
  ])('%s', async (_name, body, detail) => {
    const answer = await send(body);
    expect([answer.status, answer.body.code, answer.body.detail]).toEqual([400, 'invalid_csv', detail]);
  });

  test('JSON, and more than 10 MB', async () => {
    expect((await send('{}', '', 'application/json')).body.code).toBe('unsupported_media_type');
    expect((await send('x'.repeat(10_000_001))).body.code).toBe('body_too_large');
  });
});

test('10,000 servers come in with a few statements, and again without a change', { timeout: 120_000 }, async () => {
  const text = ['serial,name,site,mac_1,bmc_address,bmc_username,bmc_password']
    .concat(
      Array.from(
        { length: 10_000 },
        (_, n) => `BIG-${n},B${n},OTHER,${mac(1_000 + n).replace('0a', '0b')},10.20.${n >> 8}.${n & 255},root,pw${n}`,
      ),
    )
    .join('\n');
  const began = performance.now();
  expect((await send(text)).body.counts).toEqual({ rows: 10_000, created: 10_000, updated: 0, unchanged: 0, failed: 0 });
  const written = performance.now();
  expect((await send(text)).body.counts).toMatchObject({ unchanged: 10_000, failed: 0 });
  console.info(
    `10,000 servers: written in ${Math.round(written - began)} ms, compared in ${Math.round(performance.now() - written)} ms`,
  );
  // Names that all change: the same few statements.
  const renamed = text.replaceAll(/,B(\d+),/g, ',B$1-new,');
  expect((await send(renamed)).body.counts).toMatchObject({ updated: 10_000, failed: 0 });
});

describe('half units, enclosures and blades', () => {
  test('halves are places; units of an enclosure are taken; a blade keeps its slot', async () => {
    const { body: racks } = await call('GET', '/v1/racks?name=IMP-R1');
    const [rack] = racks.items;
    const chassis = { rackId: rack.id, name: 'IMP-CH', uPosition: 38, uHeight: 2.5, slots: 2 };
    const { body: enclosure } = await call('POST', '/v1/enclosures', chassis);
    const blade = { name: 'I-blade', serial: 'IS-blade', siteId: rack.siteId, enclosureId: enclosure.id, slot: 1 };
    expect((await call('POST', '/v1/servers', blade)).status).toBe(201);

    const refused = await send(
      ['serial,name,site,rack,u_position,u_height', 'IS-h1,I-h1,IMP,IMP-R1,40,1', 'IS-h2,I-h2,IMP,IMP-R1,40.25,0.5'].join('\n'),
    );
    expect(refused.body.errors).toMatchObject([
      { row: 2, column: 'u_position', code: 'rack_position_occupied', message: expect.stringContaining('enclosure IMP-CH') },
      { row: 3, column: 'u_position', code: 'invalid' },
    ]);
    const halves = [
      'serial,name,site,rack,u_position,u_height',
      'IS-h1,I-h1,IMP,IMP-R1,40.5,0.5',
      'IS-h2,I-h2,IMP,IMP-R1,41,0.5',
    ];
    expect(await send(halves.join('\n'))).toMatchObject({ status: 200, body: { applied: true } });
    expect((await call('GET', '/v1/servers/serial:IS-h1')).body).toMatchObject({ uPosition: 40.5, uHeight: 0.5 });

    expect((await send('serial,asset_tag,rack\nIS-blade,IA-blade,IMP-R1')).status).toBe(200);
    expect((await call('GET', '/v1/servers/serial:IS-blade')).body).toMatchObject({ assetTag: 'IA-blade', slot: 1 });
    expect((await send('serial,rack,u_position\nIS-blade,IMP-R1,30')).body.errors).toMatchObject([
      { row: 2, column: 'rack', code: 'server_in_enclosure' },
    ]);
  });
});
