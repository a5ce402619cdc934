// The upper rungs: what the policy begins by itself, what it leaves to a person, and what keeps it from beginning.
import { describe, expect, test } from 'vitest';
import { hours, minutes } from '../durations.ts';
import type { ClusterId, RackId, ServerId } from '../ids.ts';
import { decideRemediation } from './decide-remediation.ts';
import { DEFAULT_HEALTH_POLICY, type EscalationPolicy, type HealthPolicy, withChange } from './policy.ts';
import { type Begun, howToSayYes, remedyFacts, type Remedy } from './remedies.ts';
import type { SignalName } from './signals.ts';
import type { HealthView, ServerHealth } from './view.ts';

const NOW = Date.parse('2026-01-01T12:00:00Z');
const CLUSTER = 'cls_1' as ClusterId;
const SINCE = NOW - minutes(6);

function server(n: number, changes: Partial<ServerHealth> = {}): ServerHealth {
  return {
    id: `srv_${n}` as ServerId,
    name: `S${n}`,
    state: 'in_service',
    clusterId: CLUSTER,
    controlPlane: false,
    rack: { id: `rck_${n}` as RackId, name: `R${n}` },
    feeds: [],
    switches: [],
    signals: [],
    operationRuns: false,
    powerCycles: [],
    lastFailure: null,
    hasBmc: true,
    begun: [],
    ...changes,
  };
}
const says = (signal: SignalName, since = SINCE) => ({ signals: [{ signal, since, detail: 'DIMM A2' }] });
const exhausted = { ...says('node_silent'), state: 'degraded', lastFailure: 'remediation_exhausted' } as const;
const AUTOMATIC = { reimage: 'automatic', replace: 'automatic', workOrder: 'automatic' } as const;
const others = Array.from({ length: 10 }, (_, n) => server(100 + n));
const sights = [{ vantage: 'w1', sees: true, since: 0 }];

function site(
  servers: ServerHealth[],
  escalation: Partial<EscalationPolicy> = AUTOMATIC,
  changes: Partial<HealthView> = {},
): HealthView {
  const policy: HealthPolicy = withChange(DEFAULT_HEALTH_POLICY, { escalation });
  const clusters = [{ id: CLUSTER, name: 'c1', sights }];
  return { now: NOW, policy, servers: [...servers, ...others], clusters, guards: [], begunToday: [], ...changes };
}
const remediesOf = (view: HealthView, id = 'srv_1'): Remedy[] =>
  decideRemediation(view).decisions.find(({ serverId }) => serverId === id)?.remedies ?? [];
const said = (view: HealthView, id = 'srv_1'): string[] =>
  remediesOf(view, id).map(({ remedy, state, because }) => `${remedy} ${state}${because === null ? '' : ` ${because}`}`);
const before = (remedy: Begun['remedy'], state: string, at: number, cause = ''): Begun => {
  const over = !['running', 'open', 'taking_in', 'taking_out'].includes(state);
  return { remedy, id: `${remedy}_1`, cause, state, over, at, facts: {} };
};
const CAUSE = 'a memory module lost bits that could not be corrected';

describe('which', () => {
  test.each([
    ['memory_uncorrectable', {}, ['open_work_order begin', 'replace begin']],
    ['memory_uncorrectable', { state: 'degraded', lastFailure: 'hardware_failed' }, ['open_work_order begin', 'replace begin']],
    ['power_supply_lost', {}, ['open_work_order begin']],
    ['too_hot', {}, []],
    ['node_gone', {}, []],
    ['image_store_corrupt', {}, ['reimage begin']],
    ['node_silent', { state: 'degraded', lastFailure: 'remediation_exhausted' }, ['reimage begin']],
    ['node_silent', { state: 'degraded', lastFailure: 'fence_broken' }, []],
    ['node_silent', { powerCycles: [NOW - 3, NOW - 2, NOW - 1] }, ['reimage begin']],
    // The first installation: a person provisions again.
    ['join_failed', { state: 'provisioning_failed' }, []],
    ['memory_pressure', {}, []],
  ] as const)('%s %o: %o', (signal, changes, expected) =>
    expect(said(site([server(1, { ...says(signal), ...changes })]))).toEqual(expected),
  );

  test('several parts: an order for each, the one that needs a spare first; one spare', () => {
    const signals = [...says('fan_failed').signals, ...says('disk_failed').signals];
    const view = site([server(1, { signals })]);
    expect(remediesOf(view).map(({ remedy, suspect }) => `${remedy} ${suspect?.signal}`)).toEqual([
      'open_work_order disk_failed',
      'open_work_order fan_failed',
      'replace disk_failed',
    ]);
    const begun = remediesOf(view).map((one, n): Remedy => ({ ...one, state: 'begun', id: `id_${n}` }));
    expect(remedyFacts('srv_1', begun)).toEqual({ workOrderId: 'id_0, id_1', replacementId: 'id_2' });
  });

  test('by default only the work order is opened; a person is told how to say yes to the rest', () => {
    const view = site([server(1, says('memory_uncorrectable'))], {});
    expect(said(view)).toEqual(['open_work_order begin', 'replace waits escalation_asks']);
    const facts = remedyFacts('srv_1', remediesOf(view));
    expect(facts).toEqual({
      replace_waits: 'escalation_asks',
      replace_by_hand: `POST /v1/servers/srv_1/replacements {"takesOutBy":"repair","reason":"${CAUSE}"} with an Idempotency-Key`,
    });
    expect(howToSayYes('srv_1', { remedy: 'reimage', cause: '' })).toContain('"type":"reimage"');
  });
});

describe('once', () => {
  const dimm = (...begun: Begun[]) => site([server(1, { ...says('memory_uncorrectable'), begun })]);
  test.each([
    ['an open work order', before('open_work_order', 'open', NOW - hours(99), CAUSE), 'open_work_order begun'],
    ['one of this trouble that was cancelled', before('open_work_order', 'cancelled', NOW - 1, CAUSE), 'open_work_order begun'],
    ['one of an earlier trouble', before('open_work_order', 'closed', NOW - hours(99), CAUSE), 'open_work_order begin'],
    ['one for something else', before('open_work_order', 'open', NOW - 1, 'a fan'), 'open_work_order begin'],
  ])('%s', (_, begun, expected) => expect(said(dimm(begun))[0]).toBe(expected));
  test.each([
    ['a running replacement', before('replace', 'taking_in', NOW - hours(99)), 'replace begun'],
    ['one that failed for this trouble', before('replace', 'failed', NOW - 1), 'replace begun'],
    ['one of an earlier trouble', before('replace', 'failed', NOW - hours(99)), 'replace begin'],
  ])('%s', (_, begun, expected) => expect(said(dimm(begun))[1]).toBe(expected));

  test('re-imaged within a day and unwell again: the next rung; called off before anything was written: not again', () => {
    const after = (begun: Begun, changes: Partial<ServerHealth> = {}) =>
      site([server(1, { ...exhausted, begun: [begun], ...changes })]);
    const replaced = ['open_work_order begin', 'replace begin'];
    expect(said(after(before('reimage', 'succeeded', NOW - hours(2))))).toEqual(replaced);
    expect(said(after(before('reimage', 'succeeded', NOW - hours(30))))).toEqual(['reimage begin']);
    expect(said(after(before('reimage', 'failed', NOW - 1)))).toEqual(['reimage begun']);
    expect(said(after(before('reimage', 'failed', NOW - 1), { state: 'provisioning_failed', signals: [] }))).toEqual(replaced);
  });

  test('while it is being re-imaged its health says so', () => {
    const begun = [before('reimage', 'running', NOW - 1), before('open_work_order', 'closed', NOW - 1)];
    const view = site([server(1, { state: 'reimaging', operationRuns: true, begun })]);
    expect(decideRemediation(view).decisions[0]).toMatchObject({ do: 'nothing', because: 'operation_in_progress' });
    expect(remediesOf(view)).toMatchObject([{ remedy: 'reimage', state: 'begun', id: 'reimage_1' }]);
  });

  test('while a spare takes its place it is neither re-imaged nor restarted', () => {
    const begun = [before('replace', 'taking_in', NOW - 1)];
    for (const changes of [exhausted, { ...says('node_silent'), bmc: 'answers' as const }]) {
      const view = site([server(1, { ...changes, begun })]);
      expect(said(view)).toEqual(['replace begun']);
      expect(decideRemediation(view).decisions[0]).toMatchObject({ do: 'escalate', because: 'being_replaced' });
    }
  });
});

describe('what holds it back', () => {
  const broken = server(1, says('memory_uncorrectable'));
  const both = (because: string) => [`open_work_order waits ${because}`, `replace waits ${because}`];

  test('paused', () => {
    const view = site([broken]);
    expect(said({ ...view, policy: { ...view.policy, paused: true } })).toEqual(both('remediation_paused'));
  });
  test('degraded, and its Node is Ready again: not taken from its pods without asking', () =>
    expect(said(site([server(1, { ...exhausted, signals: [] })]))).toEqual(['reimage waits serves_again']));
  test('settling: the first of many broken parts waits for the others', () => {
    const young = site([server(1, says('memory_uncorrectable', NOW - minutes(4)))]);
    expect(said(young)).toEqual(both('settling'));
    expect(remediesOf(young)[0]?.until).toBe(NOW + minutes(1));
  });
  test('a doubtful view', () => {
    const clusters = [{ id: CLUSTER, name: 'c1', sights: [...sights, { vantage: 'w2', sees: false, since: 0 }] }];
    expect(said(site([broken], AUTOMATIC, { clusters }))).toEqual(both('vantages_disagree'));
  });
  test('a domain incident', () => {
    const rack = { id: 'rck_1' as RackId, name: 'R1' };
    const signals = [...says('node_silent').signals, ...says('memory_uncorrectable').signals];
    const failed = [1, 2, 3].map((n) => server(n, { rack, signals }));
    expect(said(site(failed))).toEqual(both('domain_incident'));
  });
  test('another control plane that is unwell, also one that the policy is re-imaging: the order is opened, the spare waits', () => {
    const plane = { ...says('memory_uncorrectable'), controlPlane: true };
    const away = server(2, { controlPlane: true, state: 'reimaging', operationRuns: true });
    expect(said(site([server(1, plane), away]))).toEqual(['open_work_order begin', 'replace waits control_plane_busy']);
  });
  test('what is being replaced takes its place in the budgets', () => {
    const cluster = { atOncePerCluster: 1 };
    const view = site([broken, server(2, { begun: [before('replace', 'taking_in', NOW - 1)] })]);
    expect(said({ ...view, policy: { ...view.policy, ...cluster } })[1]).toBe('replace waits cluster_budget_full');
  });
  test('the day of its cluster, counted from what was begun before and in this very round', () => {
    const begunToday = [{ remedy: 'replace', clusterId: CLUSTER, count: 1 }] as const;
    const view = site(
      [broken, server(2, says('disk_failed')), server(3, { ...says('disk_failed'), clusterId: null })],
      AUTOMATIC,
      {
        begunToday,
      },
    );
    const ends = ['srv_1', 'srv_2', 'srv_3'].map((id) => said(view, id)[1]);
    // Another cluster, and hosts without one, have a budget of their own.
    expect(ends).toEqual(['replace begin', 'replace waits cluster_day_spent', 'replace begin']);
  });
});
