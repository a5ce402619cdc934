// The checker of chaos runs finds each kind of broken promise, and nothing in a history where all of them held.
import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { checkHistory, type Rule } from './check-history.ts';
import type { History } from './history.ts';

const T = Date.parse('2026-11-22T12:00:00Z');
const TOKEN = 'a-boot-token';
const NODE = 'r01-u01';
const SYSTEM = '/redfish/v1/Systems/1';
const SESSION = { id: '1', openedAt: T, usedAt: T, told: true, ending: false };

type Event = History['events'][number];

function event(seq: number, kind: string, payload: Record<string, unknown> = {}): Event {
  return { seq, at: T + seq * 1_000, kind, serverId: 'srv_1', operationId: 'op_1', payload };
}

const moved = (seq: number, from: string, to: string): Event => event(seq, 'server.moved', { from, to });

/** A server is released: fenced, its Node deleted, its disk erased. */
function goodHistory(): History {
  return {
    servers: [{ id: 'srv_1', name: NODE, state: 'available', acceptedDisks: ['SSD-1'] }],
    events: [
      event(1, 'operation.started'),
      moved(2, 'in_service', 'releasing'),
      event(3, 'server.updated', { changed: { assigned: null } }),
      moved(100, 'releasing', 'available'),
      event(101, 'operation.ended'),
    ].map((one, at) => ({ ...one, seq: at + 1 })),
    operations: [
      {
        id: 'op_1',
        type: 'release-server',
        serverId: 'srv_1',
        state: 'succeeded',
        deadlineAt: T + 9e6,
        waitingFor: null,
        errorCode: null,
      },
    ],
    allocations: [],
    erasures: [{ operationId: 'op_1', serverId: 'srv_1', diskSerial: 'SSD-1', readBack: 'zero', recordedAt: T + 50_000 }],
    tickets: [{ id: 'tkt_1', serverId: 'srv_1', operationId: 'op_1', tokenHash: hashOf(TOKEN), closedAt: T + 60_000 }],
    instructions: [{ id: 'ins_1', ticketId: 'tkt_1', deed: { do: 'erase_disks', diskSerials: ['SSD-1'] }, givenAt: T + 30_000 }],
    journal: [
      { at: T + 4_000, server: NODE, what: 'power', power: 'off' },
      { at: T + 5_000, server: NODE, what: 'asked', target: SYSTEM, write: false, power: 'off', spoilt: false },
      { at: T + 10_000, server: NODE, what: 'asked', target: SYSTEM, write: false, power: 'off', spoilt: false },
      { at: T + 40_000, server: NODE, what: 'disk', deed: 'erase', serial: 'SSD-1', instructionId: 'ins_1', token: TOKEN },
    ],
    deletedNodes: [{ at: T + 11_000, name: NODE, serverId: 'srv_1' }],
    powerWords: [],
    sessionLooks: [{ at: T + 150_000, when: 'end', bmcs: [] }],
    readAt: T + 200_000,
  };
}

function hashOf(token: string): string {
  return createHash('sha256').update(token).digest('hex');
}

test('a history in which every promise held', () => {
  expect(checkHistory(goodHistory())).toEqual([]);
});

const assigned = (seq: number, serverId: string, name: string): Event => ({
  ...event(seq, 'server.updated', { changed: { assigned: name } }),
  serverId,
});
const again = (history: History, ...more: Event[]): void =>
  void history.events.push(...more.map((one, at) => ({ ...one, seq: history.events.length + at + 1 })));
const disk = (history: History): Extract<History['journal'][number], { what: 'disk' }> => {
  const found = history.journal.find((entry) => entry.what === 'disk');
  if (!found) throw new Error('no disk was touched');
  return found;
};
const asked = (history: History): Extract<History['journal'][number], { what: 'asked' }>[] =>
  history.journal.filter((entry) => entry.what === 'asked');

/** Installed on SSD-1, then written again. */
function reimaged(history: History, serial: string): void {
  const write = (at: number, name: string, on: string): void => {
    history.operations.push({ ...history.operations[0]!, id: `op_${name}`, type: `${name}-server` });
    history.tickets.push({ ...history.tickets[0]!, id: `tkt_${name}`, operationId: `op_${name}` });
    const deed = { do: 'write_image', diskSerial: on };
    history.instructions.push({ id: `ins_${name}`, ticketId: `tkt_${name}`, deed, givenAt: T });
    history.journal.push({
      at,
      server: NODE,
      what: 'disk',
      deed: 'write',
      serial: on,
      instructionId: `ins_${name}`,
      token: TOKEN,
    });
  };
  write(T + 42_000, 'provision', 'SSD-1');
  write(T + 43_000, 'reimage', serial);
}

test('the same disk written again', () => {
  const history = goodHistory();
  reimaged(history, 'SSD-1');
  expect(checkHistory(history)).toEqual([]);
});

/** The BMC proves nothing, and a person stands in for it. */
function fencedByPerson(history: History, word: { serverId: string; at: number }): void {
  history.journal = history.journal.filter(({ what }) => what !== 'asked');
  history.powerWords = [word];
}

test('a person who saw the machine off stands in for a BMC that proves nothing', () => {
  const history = goodHistory();
  fencedByPerson(history, { serverId: 'srv_1', at: T + 5_000 });
  expect(checkHistory(history)).toEqual([]);
});

const BROKEN: [what: string, rule: Rule, spoil: (history: History) => void][] = [
  ['two servers hold one name', 'one_owner', (h) => again(h, assigned(0, 'srv_1', 'a'), assigned(0, 'srv_2', 'a'))],
  [
    'an allocation that nobody told of',
    'one_owner',
    (h) => void h.allocations.push({ serverId: 'srv_1', clusterId: null, nodeName: 'a' }),
  ],
  [
    'two operations at once',
    'one_operation',
    (h) =>
      again(
        h,
        { ...event(0, 'operation.started'), operationId: 'op_2' },
        { ...event(0, 'operation.started'), operationId: 'op_3' },
      ),
  ],
  [
    'an operation that ends and never ran',
    'one_operation',
    (h) => again(h, { ...event(0, 'operation.ended'), operationId: 'op_9' }),
  ],
  ['a disk erased by nobody', 'disk_by_instruction', (h) => void (disk(h).instructionId = 'ins_9')],
  ['a disk erased under another token', 'disk_by_instruction', (h) => void (disk(h).token = 'stolen')],
  ['a disk erased that was not named', 'disk_by_instruction', (h) => void (disk(h).serial = 'HDD-1')],
  ['a disk written where it was to be erased', 'disk_by_instruction', (h) => void (disk(h).deed = 'write')],
  ['a disk erased before it was asked for', 'disk_by_instruction', (h) => void (disk(h).at = T + 29_000)],
  ['a disk erased long after the ticket was closed', 'disk_by_instruction', (h) => void (disk(h).at = T + 90_000)],
  [
    'a disk of another server erased',
    'disk_by_instruction',
    (h) => void h.tickets.splice(0, 1, { ...h.tickets[0]!, serverId: 'srv_2' }),
  ],
  ['a disk erased by a re-imaging', 'data_disks_kept', (h) => void (h.operations[0]!.type = 'reimage-server')],
  ['another disk written than the installed one', 'data_disks_kept', (h) => reimaged(h, 'HDD-1')],
  [
    'a Node deleted while the machine was on',
    'node_after_fence',
    (h) => void h.journal.splice(0, 1, { at: T, server: NODE, what: 'power', power: 'on' }),
  ],
  ['a Node deleted after one sighting', 'node_after_fence', (h) => void (asked(h)[1]!.at = T + 20_000)],
  ['a Node deleted after two sightings in a moment', 'node_after_fence', (h) => void (asked(h)[1]!.at = T + 6_000)],
  ['a sighting that was no answer', 'node_after_fence', (h) => void (asked(h)[0]!.spoilt = true)],
  ['a person who spoke before it was off', 'node_after_fence', (h) => fencedByPerson(h, { serverId: 'srv_1', at: T + 3_000 })],
  ['a person who spoke afterwards', 'node_after_fence', (h) => fencedByPerson(h, { serverId: 'srv_1', at: T + 12_000 })],
  ['a person who spoke of another', 'node_after_fence', (h) => fencedByPerson(h, { serverId: 'srv_2', at: T + 5_000 })],
  ['a Node of nobody deleted', 'node_after_fence', (h) => void h.deletedNodes.push({ at: T, name: 'x', serverId: null })],
  ['available without a record', 'erased_before_available', (h) => void h.erasures.pop()],
  ['available before the record', 'erased_before_available', (h) => void (h.erasures[0]!.recordedAt = T + 900_000)],
  ['a record that says it is not erased', 'erased_before_available', (h) => void (h.erasures[0]!.readBack = 'not_zero')],
  ['a session left', 'no_session_left', (h) => void h.sessionLooks[0]!.bmcs.push({ server: NODE, sessions: [SESSION] })],
  [
    'an operation that does not say what it waits for',
    'nothing_stuck',
    (h) => void Object.assign(h.operations[0]!, { state: 'running' }),
  ],
  [
    'an operation that waits longer than it may',
    'nothing_stuck',
    (h) =>
      void Object.assign(h.operations[0]!, {
        state: 'running',
        waitingFor: { code: 'agent_report', until: '2026-11-22T12:00:01Z', unblockedBy: 'the agent' },
      }),
  ],
  [
    'an operation beyond its deadline',
    'nothing_stuck',
    (h) => void Object.assign(h.operations[0]!, { state: 'running', deadlineAt: T }),
  ],
  ['a failure without a reason', 'nothing_stuck', (h) => void Object.assign(h.operations[0]!, { state: 'failed' })],
  ['a working state that nobody works on', 'nothing_stuck', (h) => void (h.servers[0]!.state = 'onboarding')],
  ['a gap in the events', 'events_without_gap', (h) => void h.events.splice(2, 1)],
  ['a move from where it was not', 'moves_follow_each_other', (h) => again(h, moved(0, 'registered', 'available'))],
  ['a state that no event led to', 'moves_follow_each_other', (h) => void (h.servers[0]!.state = 'quarantined')],
];

for (const [what, rule, spoil] of BROKEN) {
  test(`${what} is found`, () => {
    const history = goodHistory();
    spoil(history);
    expect(checkHistory(history).map((violation) => violation.rule)).toContain(rule);
  });
}
