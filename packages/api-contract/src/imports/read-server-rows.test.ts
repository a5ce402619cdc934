// Rows about servers out of a file, and each wrong cell by its row and column.
import { expect, test } from 'vitest';
import { readServerRows } from './read-server-rows.ts';

const read = (text: string) => {
  const result = readServerRows(text);
  if (!result.ok) throw new Error(result.fault.message);
  return result;
};

test('a whole row', () => {
  const { rows, errors } = read(
    [
      'Name,Serial,asset_tag,site,rack,u_position,u_height,face,firmware_mode,network,address,mac_1,mac_2,boot_mac,bmc_address,bmc_port,bmc_username,bmc_password,label.pool',
      'S1, 7XK ,A-1,TPE1,R1,17,2,FRONT,bios,prov,10.0.0.9,52-54-00-AA-00-01,52:54:00:aa:00:02,52:54:00:aa:00:02,10.0.4.1,8443,root," x,""y ",gpu',
    ].join('\r\n'),
  );
  expect(errors).toEqual([]);
  expect(rows).toEqual([
    {
      row: 2,
      serial: '7XK',
      name: 'S1',
      assetTag: 'A-1',
      site: 'TPE1',
      rack: 'R1',
      uPosition: 17,
      uHeight: 2,
      face: 'front',
      firmwareMode: 'bios',
      network: 'prov',
      address: '10.0.0.9',
      macs: ['52:54:00:aa:00:01', '52:54:00:aa:00:02'],
      bootMac: '52:54:00:aa:00:02',
      bmc: { protocol: 'redfish', address: 'https://10.0.4.1:8443' },
      bmcCredentials: { username: 'root', password: ' x,"y ' },
      labels: { pool: 'gpu' },
    },
  ]);
});

test('empty cells say nothing', () => {
  expect(read('serial,name,mac_1,bmc_address,label.pool\nX,,,,\n').rows).toEqual([{ row: 2, serial: 'X', macs: [], labels: {} }]);
});

test('an IPMI address keeps its port apart, IPv6 gets its brackets', () => {
  const { rows } = read(
    'serial,bmc_protocol,bmc_address,bmc_port\nA,ipmi,10.0.0.1,6230\nB,redfish,fd00::1,443\nC,ipmi,fd00::2,\n',
  );
  expect(rows.map(({ bmc }) => bmc)).toEqual([
    { protocol: 'ipmi', address: '10.0.0.1', port: 6230 },
    { protocol: 'redfish', address: 'https://[fd00::1]:443' },
    { protocol: 'ipmi', address: 'fd00::2' },
  ]);
});

test('every wrong cell is named, and no password with them', () => {
  const { rows, errors, total } = read(
    [
      'serial,name,u_position,face,address,mac_1,mac_2,bmc_protocol,bmc_address,bmc_username,bmc_password,label.pool',
      ',no serial,,,,,,,,,,',
      'A,bad name!,0,side,10.0.0.999,zz,,,,,,',
      'B,ok,x,,,52:54:00:00:00:01,52-54-00-00-00-01,,,,hush-hush,not a label!',
      `C,ok,,,,,,redfish,10.0.0.1/redfish,root,${'hush-hush'.repeat(40)},`,
      'D,ok,1,,,,,,,,,,surplus',
      'E,ok,1,,,,,,,,,',
      'E,ok,1,,,,,,,,,',
    ].join('\n'),
  );
  expect(total).toBe(7);
  expect(rows.map(({ serial, row }) => [serial, row])).toEqual([['E', 7]]);
  expect(errors.map(({ row, column, code }) => `${row} ${column} ${code}`)).toEqual([
    '2 name invalid',
    '2 serial missing',
    '3 name invalid',
    '3 u_position invalid',
    '3 face invalid',
    '3 address invalid',
    '3 mac_1 invalid',
    '4 u_position invalid',
    '4 label.pool invalid',
    '4 boot_mac duplicate',
    '4 bmc_address missing',
    '5 bmc_password invalid',
    '5 bmc_password missing',
    '6 column 13 invalid',
    '8 serial serial_already_known',
  ]);
  expect(errors.at(-1)?.message).toBe('Serial E belongs to row 7.');
  expect(JSON.stringify(errors)).not.toContain('hush');
});

test.each([
  ['', 1, 'the header is missing'],
  ['name,color\n', 2, 'there is no column "color"'],
  ['serial,Serial\n', 2, 'the column serial is there twice'],
  ['name\nS1\n', 1, 'the column serial is missing'],
  ['serial,mac_65\n', 2, 'there is no column "mac_65"'],
  ['serial,label.a b\n', 2, 'there is no column "label.a b"'],
])('a header that cannot be used: %j', (text, column, message) => {
  expect(readServerRows(text)).toEqual({ ok: false, fault: { row: 1, column, message } });
});

test('at most 10,000 servers', () => {
  const lines = (n: number) => `serial\n${Array.from({ length: n }, (_, i) => `S${i}`).join('\n')}`;
  expect(read(lines(10_000)).rows).toHaveLength(10_000);
  expect(readServerRows(lines(10_001))).toEqual({
    ok: false,
    fault: { row: 10_002, column: 1, message: 'more than 10001 rows' },
  });
});
