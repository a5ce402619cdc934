// What the health controller may do: one by one by example, and its budgets and guards for thousands of random sites.
import { describe, expect, test } from 'vitest';
import { minutes, seconds } from '../durations.ts';
import type { ClusterId, RackId, ServerId } from '../ids.ts';
import type { Decision } from './decision.ts';
import { decideRemediation } from './decide-remediation.ts';
import { DEFAULT_HEALTH_POLICY } from './policy.ts';
import type { SignalName } from './signals.ts';
import { type HealthView, isUnhealthy, type ServerHealth, serves } from './view.ts';

const NOW = Date.parse('2026-01-01T12:00:00Z');
const CLUSTER = 'cls_1' as ClusterId;

function server(n: number, changes: Partial<ServerHealth> = {}): ServerHealth {
  return {
    id: `srv_${n}` as ServerId,
    name: `S${n}`,
    state: 'in_service',
    clusterId: CLUSTER,
    controlPlane: false,
    rack: { id: 'rck_1', name: 'R1' },
    feeds: ['A', 'B'],
    switches: ['tor'],
    signals: [],
    operationRuns: false,
    powerCycles: [],
    lastFailure: null,
    hasBmc: true,
    begun: [],
    ...changes,
  };
}
const says = (signal: SignalName, since = NOW - minutes(6)) => ({ signals: [{ signal, since, detail: '' }] });
const answers = { bmc: 'answers' } as const;

function site(servers: ServerHealth[], changes: Partial<HealthView> = {}): HealthView {
  const sights = [{ vantage: 'w1', sees: true, since: 0 }];
  const clusters = [{ id: CLUSTER, name: 'c1', sights }];
  return { now: NOW, policy: DEFAULT_HEALTH_POLICY, servers, clusters, guards: [], begunToday: [], ...changes };
}
/** Ten healthy ones in racks of their own, so that no share is exceeded. */
const others = (count = 10) =>
  Array.from({ length: count }, (_, n) => server(100 + n, { rack: { id: `rck_${100 + n}` as RackId, name: `R${100 + n}` } }));
const decisionOn = (view: HealthView, id = 'srv_1'): Decision | undefined =>
  decideRemediation(view).decisions.find(({ serverId }) => serverId === id);

describe('one server', () => {
  test('well: nothing is said about it', () =>
    expect(decideRemediation(site(others()))).toEqual({ decisions: [], incidents: [] }));

  test('a silent kubelet: waited for, then its BMC is asked, then it is remediated from the rung of the table', () => {
    const young = server(1, says('node_silent', NOW - minutes(4)));
    expect(decisionOn(site([young, ...others()]))).toMatchObject({ do: 'nothing', because: 'settling', until: NOW + minutes(1) });
    const old = server(1, says('node_silent'));
    expect(decisionOn(site([old, ...others()]))).toMatchObject({ do: 'look', because: 'bmc_not_asked' });
    const asked = site([{ ...old, ...answers }, ...others()]);
    expect(decisionOn(asked)).toMatchObject({ do: 'remediate', rung: 'restart_software', because: 'signal_stands' });
    expect(decideRemediation(asked).incidents).toEqual([]);
  });

  test('of several signals the one that wants most decides', () => {
    const both = [...says('node_silent').signals, ...says('kernel_deadlock').signals];
    expect(decisionOn(site([server(1, { signals: both, ...answers }), ...others()]))).toMatchObject({ rung: 'power_cycle' });
  });

  test.each([
    ['memory_pressure', {}, { do: 'nothing', because: 'only_observed' }],
    ['memory_uncorrectable', {}, { do: 'escalate', rung: 'replace', because: 'part_failed' }],
    ['power_supply_lost', {}, { do: 'escalate', rung: 'person', because: 'part_failed' }],
    ['too_hot', {}, { do: 'escalate', rung: 'person', because: 'too_hot' }],
    ['bmc_critical', {}, { do: 'escalate', rung: 'person', because: 'bmc_says_critical' }],
    ['bmc_critical', { state: 'provisioning_failed' }, { do: 'nothing', because: 'only_observed' }],
    ['image_store_corrupt', {}, { do: 'escalate', rung: 'reimage', because: 'software_damaged' }],
    ['node_gone', {}, { do: 'escalate', rung: 'person', because: 'node_gone' }],
    ['join_failed', { state: 'provisioning_failed' }, { do: 'escalate', rung: 'reimage', because: 'installation_failed' }],
    ['node_silent', { hasBmc: false }, { do: 'escalate', because: 'bmc_missing' }],
    ['node_silent', { bmc: 'silent' }, { do: 'escalate', because: 'bmc_silent' }],
    ['node_silent', { operationRuns: true }, { do: 'nothing', because: 'operation_in_progress' }],
    ['node_silent', { state: 'remediating', operationRuns: true }, { do: 'nothing', because: 'already_remediating' }],
    ['node_silent', { state: 'degraded', lastFailure: 'remediation_exhausted' }, { do: 'escalate', rung: 'reimage' }],
    ['node_silent', { state: 'degraded', lastFailure: 'fence_broken' }, { do: 'escalate', rung: 'person' }],
  ] as const)('%s %o', (signal, changes, expected) => {
    const view = site([server(1, { ...says(signal), ...changes }), ...others()]);
    expect(decisionOn(view)).toMatchObject(expected);
    // Who compares Nodes with servers tells of one that is gone.
    const wanted = expected.do === 'escalate' && signal !== 'node_gone' ? 1 : 0;
    expect(decideRemediation(view).incidents).toHaveLength(wanted);
  });

  test('a BMC that says critical: waited for, as everything; a part that its log names comes first; a dead kubelet is restarted', () => {
    const saying = (...names: SignalName[]) => ({ signals: names.flatMap((name) => says(name).signals) });
    const young = server(1, says('bmc_critical', NOW - minutes(4)));
    expect(decisionOn(site([young, ...others()]))).toMatchObject({ do: 'nothing', because: 'settling', until: NOW + minutes(1) });
    const named = server(1, saying('bmc_critical', 'fan_failed'));
    expect(decisionOn(site([named, ...others()]))).toMatchObject({ because: 'part_failed', facts: { signal: 'fan_failed' } });
    const failing = server(1, { ...saying('bmc_critical', 'node_silent'), ...answers });
    expect(decisionOn(site([failing, ...others()]))).toMatchObject({ do: 'remediate', because: 'signal_stands' });
  });

  test('its own budget: three power cycles a day, then it is handed on, and says until when', () => {
    const hour = minutes(60);
    const cycled = (powerCycles: number[]) => site([server(1, { ...says('node_silent'), ...answers, powerCycles }), ...others()]);
    expect(decisionOn(cycled([NOW - 25 * hour, NOW - 2 * hour, NOW - hour]))).toMatchObject({ do: 'remediate' });
    const spent = decisionOn(cycled([NOW - 3 * hour, NOW - 2 * hour, NOW - hour]));
    expect(spent).toMatchObject({ do: 'escalate', because: 'server_budget_spent', until: NOW + 21 * hour });
  });

  test('paused: nothing is begun, and it says so', () => {
    const view = site([server(1, { ...says('node_silent'), ...answers }), ...others()]);
    const paused = { ...view, policy: { ...view.policy, paused: true } };
    expect(decisionOn(paused)).toMatchObject({ do: 'nothing', because: 'remediation_paused' });
  });
});

describe('many servers', () => {
  const rackful = (count: number, failed: number, spreadMs: number) =>
    Array.from({ length: count }, (_, n) =>
      server(n + 1, { ...answers, ...(n < failed ? says('node_silent', NOW - minutes(6) + (n * spreadMs) / failed) : {}) }),
    );

  test('a rack switch dies: one incident, nothing is restarted, and every server says why', () => {
    const { decisions, incidents } = decideRemediation(site([...rackful(40, 40, seconds(50)), ...others(60)]));
    expect(decisions).toHaveLength(40);
    expect(new Set(decisions.map(({ because }) => because))).toEqual(new Set(['domain_incident']));
    expect(incidents).toHaveLength(1);
    expect(incidents[0]).toMatchObject({
      kind: 'domain_incident',
      scope: { kind: 'rack', name: 'R1' },
      facts: { unhealthy: 40, switches: 'tor' },
    });
  });

  test('three within the window are one trouble; over a longer time they are three', () => {
    expect(decisionOn(site([...rackful(40, 3, minutes(2)), ...others(60)]))).toMatchObject({ because: 'domain_incident' });
    const slow = rackful(40, 3, 0).map((one, n) => (n < 3 ? { ...one, ...says('node_silent', NOW - minutes(10 + 4 * n)) } : one));
    expect(decideRemediation(site([...slow, ...others(60)])).decisions.filter((d) => d.do === 'remediate')).toHaveLength(2);
  });

  test('behind one switch of two the switch is named, not the rack', () => {
    const half = rackful(40, 0, 0).map((one, n) =>
      server(n + 1, { ...one, switches: [n % 2 === 0 ? 'tor-a' : 'tor-b'], ...(n % 2 === 0 ? says('node_silent') : {}) }),
    );
    const { incidents } = decideRemediation(site([...half, ...others(60)]));
    expect(incidents.map(({ scope }) => scope.name)).toEqual(['R1/tor-a']);
  });

  test('behind one feed of two the feed is named, though rack and switch are the same', () => {
    const half = rackful(40, 0, 0).map((one, n) =>
      server(n + 1, { ...one, feeds: [n % 2 === 0 ? 'A' : 'B'], ...(n % 2 === 0 ? says('node_silent') : {}) }),
    );
    const { decisions, incidents } = decideRemediation(site([...half, ...others(60)]));
    expect(incidents).toMatchObject([
      { kind: 'domain_incident', scope: { kind: 'feed', name: 'R1/A' }, facts: { unhealthy: 20 } },
    ]);
    expect(decisions.map(({ because }) => because)).toEqual(Array.from({ length: 20 }, () => 'domain_incident'));
  });

  const NINE = { atOncePerCluster: 9, atOncePerRack: 9, atOncePerFeed: 9, atOncePerSwitch: 9 };
  test.each([
    ['atOncePerCluster', 'cluster_budget_full', { clusterId: 'cls_2' }],
    ['atOncePerRack', 'rack_budget_full', { rack: { id: 'rck_2', name: 'R2' } }],
    ['atOncePerFeed', 'feed_budget_full', { feeds: ['C'] }],
    ['atOncePerSwitch', 'switch_budget_full', { switches: ['tor-2'] }],
  ] as const)(
    '%s of one: a second one behind the same thing waits, %s; behind another thing it is begun',
    (limit, because, apart) => {
      const failing = server(1, { ...says('node_silent'), ...answers });
      const beside = (running: Partial<ServerHealth>) => {
        const view = site([failing, server(2, { state: 'remediating', operationRuns: true, ...running }), ...others(20)]);
        const clusters = [...view.clusters, { ...view.clusters[0]!, id: 'cls_2' as ClusterId }];
        return decisionOn({ ...view, clusters, policy: { ...view.policy, ...NINE, [limit]: 1 } });
      };
      expect(beside({})).toMatchObject({ do: 'nothing', because });
      expect(beside(apart)).toMatchObject({ do: 'remediate', because: 'signal_stands' });
    },
  );

  test('the incident stays until few are left and the pause is over; then the rest are remediated', () => {
    const guard = (lastHeldAt: number) =>
      ({ kind: 'domain_incident', scope: { kind: 'rack', id: 'rck_1', name: 'R1' }, lastHeldAt }) as const;
    const left = [...rackful(40, 2, 0), ...others(60)];
    const soon = decideRemediation(site(left, { guards: [guard(NOW - minutes(5))] }));
    expect(soon.incidents).toHaveLength(1);
    expect(soon.decisions.map(({ because }) => because)).toEqual(['domain_incident', 'domain_incident']);
    const later = decideRemediation(site(left, { guards: [guard(NOW - minutes(11))] }));
    expect(later.incidents).toEqual([]);
    expect(later.decisions.map((d) => d.do)).toEqual(['remediate', 'remediate']);
  });

  test('a storm: more of a cluster than its share; what is in remediation counts as unhealthy', () => {
    const spread = others(5).map((one) => ({ ...one, ...answers, ...says('node_silent') }));
    const remediating = others(8)
      .slice(5)
      .map((one) => ({ ...one, state: 'remediating' as const, operationRuns: true }));
    const fine = others(14).slice(8);
    const storm = decideRemediation(site([...spread, ...remediating, ...fine]));
    expect(storm.decisions.some((d) => d.do === 'remediate')).toBe(false);
    expect(storm.incidents).toMatchObject([{ kind: 'remediation_storm', facts: { unhealthy: 8, of: 14, most: 5 } }]);
  });

  test('control planes one at a time: a second one that is unwell stops both', () => {
    const plane = (n: number, changes: Partial<ServerHealth> = {}) =>
      server(n, { controlPlane: true, ...answers, rack: { id: `rck_c${n}` as RackId, name: `C${n}` }, ...changes });
    const one = site([plane(1, says('node_silent')), plane(2), plane(3), ...others()]);
    expect(decisionOn(one)).toMatchObject({ do: 'remediate' });
    const two = site([plane(1, says('node_silent')), plane(2, { state: 'remediating' }), plane(3), ...others()]);
    expect(decisionOn(two)).toMatchObject({ do: 'nothing', because: 'control_plane_busy' });
  });
});

describe('a doubtful view', () => {
  const failing = [server(1, { ...says('node_silent'), ...answers }), ...others()];
  const seenBy = (...sees: boolean[]) => {
    const sights = sees.map((each, n) => ({ vantage: `w${n}`, sees: each, since: NOW - minutes(10) }));
    return site(failing, { clusters: [{ id: CLUSTER, name: 'c1', sights }] });
  };

  test.each([
    [[false], 'api_server_silent'],
    [[], 'api_server_silent'],
    [[true, false], 'vantages_disagree'],
  ] as const)('workers that see the API server: %o: %s', (sees, because) => {
    expect(decisionOn(seenBy(...sees))).toMatchObject({ do: 'nothing', because });
    const expected = sees.length === 0 ? [] : [{ kind: 'view_doubtful', scope: { kind: 'cluster' } }];
    expect(decideRemediation(seenBy(...sees)).incidents).toMatchObject(expected);
  });

  test('many silent BMCs are a silent network, one incident, and nobody is called dead', () => {
    const silent = others(12).map((one, n) =>
      n < 3 ? { ...one, ...says('node_silent', NOW - minutes(10 + n * 5)), bmc: 'silent' as const } : one,
    );
    const { decisions, incidents } = decideRemediation(site(silent));
    expect(decisions.map(({ because }) => because)).toEqual(['bmc_network_silent', 'bmc_network_silent', 'bmc_network_silent']);
    expect(incidents).toMatchObject([{ kind: 'view_doubtful', scope: { id: 'bmc_network' } }]);
  });
});

/** Mulberry32. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

const FEEDS_OF_ONE = [['A'], ['B'], ['A', 'B'], []] as const;
const SWITCHES_OF_ONE = [['tor-0'], ['tor-1'], ['tor-0', 'tor-1'], []] as const;

/** `mixed`: servers of one rack on different feeds and switches, other limits in each site. `alike`: all of a rack on the same feeds. */
function randomSite(seed: number, cabling: 'mixed' | 'alike' = 'mixed'): HealthView {
  const random = seeded(seed);
  const below = (n: number) => Math.floor(random() * n);
  const pick = <T>(items: readonly T[]): T => items[below(items.length)]!;
  const failing = random() * 0.25;
  const racks = 1 + below(20);
  const servers = Array.from({ length: 5 + below(60) }, (_, n) => {
    const rack = below(racks);
    const signal = pick([
      'node_silent',
      'node_not_ready',
      'kernel_deadlock',
      'memory_pressure',
      'disk_failed',
      'node_gone',
    ] as const);
    return server(n, {
      rack: { id: `rck_${rack}` as RackId, name: `R${rack}` },
      ...(cabling === 'alike'
        ? { switches: [`tor-${below(2)}`] }
        : { switches: pick(SWITCHES_OF_ONE), feeds: pick(FEEDS_OF_ONE) }),
      clusterId: pick([CLUSTER, 'cls_2' as ClusterId, null]),
      controlPlane: random() < 0.1,
      state: random() < 0.92 ? 'in_service' : pick(['remediating', 'degraded'] as const),
      signals: random() < failing ? [{ signal, since: NOW - below(minutes(60)), detail: '' }] : [],
      powerCycles: Array.from({ length: below(4) }, () => NOW - below(minutes(60 * 30))),
      bmc: pick(['answers', 'answers', 'answers', 'silent', undefined] as const),
    });
  });
  const sights = () => Array.from({ length: 1 + below(2) }, (_, n) => ({ vantage: `w${n}`, sees: random() < 0.9, since: 0 }));
  const clusters = [CLUSTER, 'cls_2' as ClusterId].map((id) => ({ id, name: id, sights: sights() }));
  if (cabling === 'alike') return site(servers, { clusters });
  // Smaller for what is smaller: else the rack's limit is always the first that is reached.
  const wide = () => 1 + below(8);
  const narrow = () => 1 + below(3);
  const limits = { atOncePerCluster: wide(), atOncePerRack: wide(), atOncePerFeed: narrow(), atOncePerSwitch: narrow() };
  return site(servers, { clusters, policy: { ...DEFAULT_HEALTH_POLICY, ...limits } });
}

describe('whatever happens, for 3,000 random sites', () => {
  const worlds = Array.from({ length: 3_000 }, (_, seed) => {
    const view = randomSite(seed + 1);
    const { decisions, incidents } = decideRemediation(view);
    const chosen = new Set(decisions.filter((d) => d.do === 'remediate').map((d) => d.serverId));
    return { view, decisions, incidents, chosen, begun: view.servers.filter(({ id }) => chosen.has(id)) };
  });
  const busy = worlds.filter(({ chosen }) => chosen.size > 0);

  test('there is something to test', () => {
    expect(busy.length).toBeGreaterThan(1_000);
    expect(busy.filter(({ begun }) => begun.some((one) => one.controlPlane)).length).toBeGreaterThan(50);
    // Every budget was the one that stood in the way, and others were begun beside it.
    for (const full of ['cluster', 'rack', 'feed', 'switch'] as const)
      expect(
        busy.filter(({ decisions }) => decisions.some(({ because }) => because === `${full}_budget_full`)).length,
        full,
      ).toBeGreaterThan(20);
  });

  test.each([
    ['cluster', 'atOncePerCluster', (one: ServerHealth) => (one.clusterId === null ? [] : [one.clusterId])],
    ['rack', 'atOncePerRack', (one: ServerHealth) => [one.rack?.id ?? '']],
    ['feed', 'atOncePerFeed', (one: ServerHealth) => one.feeds.map((feed) => `${one.rack?.id}/${feed}`)],
    ['switch', 'atOncePerSwitch', (one: ServerHealth) => one.switches.map((name) => `${one.rack?.id}/${name}`)],
  ] as const)('no %s has more in remediation than its budget, those that run already counted', (_, budget, thingsOf) => {
    for (const { view, begun } of busy) {
      const counts = new Map<string, number>();
      for (const one of [...view.servers.filter(({ state }) => state === 'remediating'), ...begun])
        for (const thing of thingsOf(one)) counts.set(thing, (counts.get(thing) ?? 0) + 1);
      for (const thing of begun.flatMap(thingsOf)) expect(counts.get(thing)).toBeLessThanOrEqual(view.policy[budget]);
    }
  });

  test('only what is in service, unwell for long enough, with a BMC that answers and cycles left', () => {
    for (const { view, begun } of busy) {
      for (const one of begun) {
        expect(one).toMatchObject({ state: 'in_service', operationRuns: false, bmc: 'answers' });
        expect(one.signals.some(({ since }) => since <= NOW - view.policy.settleSeconds * 1_000)).toBe(true);
        const cycles = one.powerCycles.filter((at) => at > NOW - minutes(24 * 60));
        expect(cycles.length).toBeLessThan(view.policy.powerCyclesPerDay);
      }
    }
  });

  test('nothing in a cluster that somebody does not see, or in which too many are unhealthy', () => {
    for (const { view, begun } of busy) {
      for (const { clusterId } of begun.filter((one) => one.clusterId !== null)) {
        expect(view.clusters.find(({ id }) => id === clusterId)?.sights.every(({ sees }) => sees)).toBe(true);
        const members = view.servers.filter((one) => one.clusterId === clusterId && serves(one));
        const most = Math.max(1, Math.floor((members.length * view.policy.clusterUnhealthyPercent) / 100));
        expect(members.filter(isUnhealthy).length).toBeLessThanOrEqual(most);
      }
    }
  });

  test('never two control planes of one cluster, and none beside an unhealthy one', () => {
    for (const { view, begun } of busy) {
      for (const plane of begun.filter((one) => one.controlPlane && one.clusterId !== null)) {
        const peers = view.servers.filter((one) => one.controlPlane && one.clusterId === plane.clusterId && one.id !== plane.id);
        expect(peers.filter(isUnhealthy)).toEqual([]);
      }
    }
  });

  // Where all of a rack hang on the same feeds: one that waits and holds two feeds may leave room for two that hold one each.
  test('one more in remediation never lets more begin', () => {
    let compared = 0;
    for (let seed = 1; compared < 500 && seed <= 3_000; seed++) {
      const view = randomSite(seed, 'alike');
      const begun = decideRemediation(view).decisions.filter((d) => d.do === 'remediate');
      const other = view.servers.find(({ id, state }) => state === 'in_service' && !begun.some((one) => one.serverId === id));
      if (begun.length === 0 || !other) continue;
      compared += 1;
      const servers = view.servers.map((one) => (one === other ? { ...one, state: 'remediating' as const } : one));
      const after = decideRemediation({ ...view, servers }).decisions.filter((d) => d.do === 'remediate').length;
      expect(after).toBeLessThanOrEqual(begun.length);
    }
    expect(compared).toBe(500);
  });

  test('every server that is unwell has exactly one decision, and incidents have different keys', () => {
    for (const { view, decisions, incidents } of worlds) {
      expect(new Set(decisions.map(({ serverId }) => serverId)).size).toBe(decisions.length);
      expect(decisions.length).toBeGreaterThanOrEqual(view.servers.filter(isUnhealthy).length);
      expect(new Set(incidents.map(({ key }) => key)).size).toBe(incidents.length);
    }
  });
});
