// Nodes beside servers: what is an alarm, what is our own work under way, and what is a kubelet that came back.
import { describe, expect, test } from 'vitest';
import type { ServerId } from '../ids.ts';
import { type ServerState, STATES } from '../server-lifecycle/table.ts';
import { alarmKey, compareNodes, type NodeSeen, type ServerOnFile } from './compare-nodes.ts';

const server = (n: number, change: Partial<ServerOnFile> = {}): ServerOnFile => ({
  id: `srv_${n}` as ServerId,
  name: `R1-U${n}`,
  state: 'in_service',
  address: `10.0.0.${n}`,
  member: { nodeName: `r1-u${n}`, nodeUid: `uid-${n}` },
  ...change,
});
const node = (n: number, change: Partial<NodeSeen> = {}): NodeSeen => ({
  name: `r1-u${n}`,
  uid: `uid-${n}`,
  serverId: `srv_${n}`,
  addresses: [`10.0.0.${n}`],
  ...change,
});
const released = (n: number): ServerOnFile => server(n, { state: 'available', member: null });

describe('a Node that is gone', () => {
  test('all there: nothing to say', () => {
    expect(compareNodes([node(1), node(2)], [server(1), server(2)])).toEqual({ alarms: [], adoptions: [] });
  });

  test('of a server in service: an alarm that names it', () => {
    expect(compareNodes([node(2)], [server(1), server(2)]).alarms).toEqual([
      { kind: 'node_deleted_by_hand', serverId: 'srv_1', serverName: 'R1-U1', nodeName: 'r1-u1', nodeUid: 'uid-1' },
    ]);
  });

  test('of a server whose workflow is at work on it: no alarm', () => {
    for (const state of Object.keys(STATES) as ServerState[]) {
      const { alarms } = compareNodes([], [server(1, { state })]);
      expect(alarms.length, state).toBe(state === 'in_service' || (state as string) === 'degraded' ? 1 : 0);
    }
    expect(compareNodes([], [server(1, { member: { nodeName: 'r1-u1', nodeUid: null } })]).alarms).toEqual([]);
  });

  test('its kubelet registers again under our label: no alarm, and the new Node is adopted', () => {
    expect(compareNodes([node(1, { uid: 'new' })], [server(1)])).toEqual({
      alarms: [],
      adoptions: [{ serverId: 'srv_1', nodeName: 'r1-u1', before: 'uid-1', nodeUid: 'new' }],
    });
  });

  test('a Node of that name without our label is not adopted', () => {
    for (const serverId of [undefined, 'srv_9']) {
      const { alarms, adoptions } = compareNodes([node(1, { uid: 'new', serverId })], [server(1)]);
      expect(alarms.map(({ kind }) => kind)).toEqual(['node_deleted_by_hand']);
      expect(adoptions).toEqual([]);
    }
  });
});

describe('a Node that should not be', () => {
  test.each([
    ['label', node(1, { name: 'renamed', addresses: ['10.9.9.9'] })],
    ['name', node(1, { serverId: undefined, addresses: [] })],
    ['address', node(1, { serverId: undefined, name: 'renamed' })],
  ])('a released server is known by its %s', (knownBy, seen) => {
    expect(compareNodes([seen], [released(1), server(2, { member: null, state: 'available' })]).alarms).toMatchObject([
      { kind: 'node_of_released_server', serverId: 'srv_1', nodeUid: 'uid-1', knownBy },
    ]);
  });

  test('one that nobody knows', () => {
    const stranger = node(7, { serverId: undefined });
    expect(compareNodes([stranger], [server(1, { state: 'releasing' })]).alarms).toEqual([
      { kind: 'node_without_server', nodeName: 'r1-u7', nodeUid: 'uid-7' },
    ]);
  });

  test('a clone of a server that serves under its own name is a stranger', () => {
    const clone = node(1, { name: 'clone', uid: 'other' });
    expect(compareNodes([node(1), clone], [server(1)]).alarms).toEqual([
      { kind: 'node_without_server', nodeName: 'clone', nodeUid: 'other' },
    ]);
  });

  test('a server that is just being installed or released may have its Node', () => {
    for (const state of ['provisioning', 'releasing', 'provisioning_failed', 'quarantined'] as const)
      expect(compareNodes([node(1)], [server(1, { state })]).alarms).toEqual([]);
  });
});

test('a key names one trouble: the same at every sight, another for another Node object', () => {
  const [first] = compareNodes([], [server(1)]).alarms;
  const [again] = compareNodes([], [server(1)]).alarms;
  const [other] = compareNodes([], [server(1, { member: { nodeName: 'r1-u1', nodeUid: 'later' } })]).alarms;
  if (!first || !again || !other) throw new Error('no alarm');
  expect(alarmKey('cls_1', again)).toBe(alarmKey('cls_1', first));
  expect(new Set([alarmKey('cls_1', first), alarmKey('cls_2', first), alarmKey('cls_1', other)]).size).toBe(3);
});
