// The index answers by MAC, server and address, and forgets a server without taking its successor along.
import { expect, test } from 'vitest';
import type { ServerId } from '@rackwright/domain/ids.ts';
import { type BootEntry, memoryBootIndex } from './boot-index.ts';

function entry(serverId: ServerId, mac: string, address: string): BootEntry {
  return {
    mac,
    address,
    hostname: serverId,
    subject: { serverId, name: serverId, mac, bootIntent: 'none', firmwareMode: 'unknown' },
  };
}

test('a server with two NICs is found by either, in any case of letters', () => {
  const index = memoryBootIndex();
  index.replaceServer('srv_1', [
    entry('srv_1', '52:54:00:00:00:AA', '10.0.0.1'),
    entry('srv_1', '52:54:00:00:00:bb', '10.0.0.2'),
  ]);
  expect(index.byMac('52:54:00:00:00:aa')?.address).toBe('10.0.0.1');
  expect(index.byMac('52:54:00:00:00:BB')?.subject.serverId).toBe('srv_1');
  expect(index.byServerId('srv_1').length).toBe(2);
  expect(index.byAddress('10.0.0.2')?.mac).toBe('52:54:00:00:00:bb');
});

test('a NIC that moved to another server stays when the old server goes', () => {
  const index = memoryBootIndex();
  index.replaceServer('srv_1', [entry('srv_1', '52:54:00:00:00:01', '10.0.0.1')]);
  index.replaceServer('srv_2', [entry('srv_2', '52:54:00:00:00:01', '10.0.0.1')]);
  index.replaceServer('srv_1', []);
  expect(index.byMac('52:54:00:00:00:01')?.subject.serverId).toBe('srv_2');
  expect(index.byAddress('10.0.0.1')?.subject.serverId).toBe('srv_2');
  expect(index.size).toBe(1);
});

test('replacing all forgets the rest, and too many is refused whole', () => {
  const index = memoryBootIndex({ limit: 2 });
  index.replaceAll([entry('srv_1', 'a', '10.0.0.1'), entry('srv_2', 'b', '10.0.0.2')]);
  expect(() =>
    index.replaceAll([entry('srv_3', 'c', '10.0.0.3'), entry('srv_4', 'd', '10.0.0.4'), entry('srv_5', 'e', '10.0.0.5')]),
  ).toThrow(RangeError);
  expect(index.byMac('a')?.subject.serverId).toBe('srv_1');
  index.replaceAll([entry('srv_3', 'c', '10.0.0.3')]);
  expect(index.byMac('a')).toBeUndefined();
  expect(index.size).toBe(1);
});
