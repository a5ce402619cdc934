// Each row of the quirk table hits the product it is about and no other.
import { expect, test } from 'vitest';
import { QUIRKS, quirksFor } from './quirks.ts';

test.each([
  ['Dell', '15G Monolithic', '1.13.1', ['serialFrom', 'ledValues']],
  ['Dell', '17G Monolithic', '1.20.0', ['serialFrom', 'ledValues', 'powerOnConflict']],
  ['HPE', 'iLO 5', '1.13.0', ['freshConnections']],
  ['Hp', 'iLO 4', '1.0.0', ['freshConnections']],
  ['Supermicro', 'ASPEED', '1.11.0', ['hostInterfaces']],
  ['Supermicro', '', '1.0.1', ['bootModeRefused', 'hostInterfaces']],
  ['OpenBMC', '', '1.17.0', []],
])('%s %s, Redfish %s', (vendor, managerModel, redfishVersion, traits) => {
  expect(Object.keys(quirksFor({ vendor, managerModel, redfishVersion })).toSorted()).toEqual(traits.toSorted());
});

test('every row says where it is from', () => {
  expect(QUIRKS.filter(({ source }) => source.length < 20)).toEqual([]);
  expect(new Set(QUIRKS.map(({ id }) => id)).size).toBe(QUIRKS.length);
});
