// Writes docs/health.md from the tables that the health controller itself obeys, with what an operator should know around them.
import { LADDER } from '@rackwright/domain/health/ladder.ts';
import { DEFAULT_HEALTH_POLICY, type HealthPolicy } from '@rackwright/domain/health/policy.ts';
import { HEALTH_REASONS } from '@rackwright/domain/health/reasons.ts';
import { rowOf, SIGNAL_NAMES, type SignalSource } from '@rackwright/domain/health/signals.ts';
import { HEALTH_INCIDENT_KINDS } from '@rackwright/domain/health/health-incidents.ts';
import { INCIDENT_KINDS } from '@rackwright/domain/incidents.ts';

const DONE_BY = {
  controller: 'the health controller',
  'remediate-server': '`remediate-server`',
  escalate: 'the policy where it may, with its own budgets; else an incident says how a person does it',
} as const;

const HEADINGS: Record<SignalSource, string> = {
  node: 'Conditions of the Node (kubelet and node-problem-detector)',
  bmc: 'The event log of the BMC: new entries by the sweep of the BMCs, the last 24 hours by the hardware check of the ladder',
  bmc_summary:
    'What the BMC sums up from all parts (Redfish `HealthRollup`, or `Health`; IPMI: the faults of the chassis status), by the sweep of the BMCs: comes and goes with what it says',
  operation: 'What our own operations waited for in vain',
};

export function healthDocument(): string {
  return [
    '# Health: what is done when a server is not well',
    '',
    '<!-- Written by `npm run docs` from packages/domain/src/health/. Do not edit. -->',
    '',
    ...INTRODUCTION,
    '',
    '## The ladder',
    '',
    ...table(
      ['rung', 'what', 'done by'],
      Object.entries(LADDER).map(([rung, { means, by }]) => [`\`${rung}\``, means, DONE_BY[by]]),
    ),
    '',
    ...CYCLE,
    '',
    ...UPPER_RUNGS,
    '',
    '## Signals',
    '',
    'Signal, whether it passes by itself or by a restart, and where the ladder is entered. Where several stand, the one that wants most decides.',
    ...(['node', 'bmc', 'bmc_summary', 'operation'] as const).flatMap(signalsFrom),
    '',
    ...GUARDS,
    '',
    '## The policy',
    '',
    '`GET /v1/health-policy`; `PATCH` with what differs. Defaults:',
    '',
    ...table(['setting', 'default'], settingsOf(DEFAULT_HEALTH_POLICY)),
    '',
    '## Why something is done, or not',
    '',
    '`because` of `GET /v1/servers/{ref}/health`, and `reason` of the condition `Healthy` of the server:',
    '',
    ...table(
      ['because', 'says', 'what changes it'],
      Object.entries(HEALTH_REASONS).map(([code, { says, unblockedBy }]) => [`\`${code}\``, says, unblockedBy]),
    ),
    '',
    '## Incidents that the controller opens and closes',
    '',
    ...table(
      ['type', 'when', 'what to do'],
      HEALTH_INCIDENT_KINDS.map((kind) => [`\`${kind}\``, INCIDENT_KINDS[kind].title, INCIDENT_KINDS[kind].toDo]),
    ),
    '',
    ...BY_HAND,
    '',
  ].join('\n');
}

function signalsFrom(source: SignalSource): string[] {
  const rows = SIGNAL_NAMES.filter((name) => rowOf(name).from === source).map((name) => {
    const { seen, lasts, first, means } = rowOf(name);
    const said = seen instanceof RegExp ? 'matching words' : `\`${seen}\``;
    return [`\`${name}\``, said, lasts, `\`${first}\``, means];
  });
  return ['', `${HEADINGS[source]}:`, '', ...table(['signal', 'seen as', 'lasts', 'first rung', 'means'], rows)];
}

function settingsOf({ escalation, ...settings }: HealthPolicy): string[][] {
  const nested = Object.entries(escalation).map(([name, value]) => [`\`escalation.${name}\``, String(value)]);
  return [...Object.entries(settings).map(([name, value]) => [`\`${name}\``, String(value)]), ...nested];
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const line = (cells: readonly string[]) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(head), `|${head.map(() => '---').join('|')}|`, ...rows.map(line)];
}

const INTRODUCTION = [
  'Every worker watches the Nodes of every cluster and writes down what it sees, whole, every ten seconds (`RACKWRIGHT_HEALTH_SECONDS`): a lost event costs',
  'nothing. One worker at a time decides (a lease in Postgres, checked in the very transaction that acts). It decides anew in each round from everything that is',
  'known, with one pure function (`packages/domain/src/health/decide-remediation.ts`), and writes down its decision for every server that is not well, also when',
  'that decision is to do nothing: `GET /v1/servers/{ref}/health`.',
];

const CYCLE = [
  'A power cycle: off, seen off twice at least five seconds apart (a BMC that proves nothing is waited for, or a person confirms) -> the Node gets the taint',
  '`node.kubernetes.io/out-of-service` (Kubernetes 1.28 and later: its pods are deleted, its volumes detached) -> its volumes are waited for, two minutes at most',
  '-> on -> the taint goes -> the same Node is Ready in a new boot. The Node object is never deleted. What restarts do not mend ends as `degraded`, with the reason.',
  'Whatever gives up half-way leaves the machine on and without the taint.',
  '',
  'No agent runs on installed systems, so `restart_software` is passed, and its step says so.',
];

const UPPER_RUNGS = [
  '## Beyond restarts',
  '',
  'What restarts do not mend is handed on in three ways. Each is `ask` (an incident says how a person does it) or `automatic` in the policy (`escalation`), with a budget',
  'per cluster and day. Hosts without a cluster share one budget.',
  '',
  '| remedy | when | what the policy does |',
  '|---|---|---|',
  '| `open_work_order` | a part failed for good (`part_failed`), or a re-image did not hold | one order per server and failed part while the fault stands; it names the part as the BMC said it, with slot and serial as on file |',
  '| `reimage` | restarts did not mend it, its power cycles of the day are spent, or its software is damaged | begins `reimage` from `in_service` or `degraded` |',
  '| `replace` | a part without which it cannot serve failed (first rung `replace`), or it is unwell within a day after a re-image (`reimage_did_not_hold`) | begins one replacement: spare first, then the broken one is isolated (not erased) and waits for its work order |',
  '',
  '- `decision.remedies` of `GET /v1/servers/{ref}/health` and the facts of the incident say what was begun (ids of the work order, operation, replacement), what waits, why, and how a',
  '  person says yes (`sayYes`). A server that is being re-imaged needs no person, so its incident closes.',
  '- Nothing is begun twice for one trouble: what was cancelled or failed is not begun again by itself; a person may. A trouble that ended and came back is another one.',
  '- The guards below hold for these rungs too, also for work orders (forty power supplies that lose one feed are not forty orders): paused, settling, a doubtful view, domain',
  '  incidents, storms. Re-images and replacements also need a place in the budgets of remediation (cluster, rack, feed, switch, one control plane at a time), and what they take out',
  '  counts as unhealthy.',
  '- Without a fitting spare the replacement waits (`no_spare`); the incident names the candidates (at most twenty) and why each was passed over. Every round looks again.',
  '- A `degraded` server whose Node is Ready again without any fault of a part is not touched (`serves_again`): recover it.',
  '- A part that fails while its Node is Ready leaves the server `in_service`, with `Healthy` false: the spare comes first, then its pods are drained.',
  '- A re-image that fails ends as `provisioning_failed`, from `degraded` as well as from `in_service`; one that was blocked before anything was switched off gives the server back as it was.',
  '  The first installation that fails is left to a person: provision again, or release.',
];

const GUARDS = [
  '## What holds the controller back',
  '',
  '- **Time.** A signal must stand for `settleSeconds`. A node that boots goes from Unknown to False: that is one trouble, and its time goes on (loop guard).',
  '- **Domain incidents.** `domainFailures` servers behind one rack, power feed or switch that fail within `domainWindowSeconds` are one incident, and nothing behind',
  '  it is restarted. If the same servers hang on all of them it is called the rack, and the facts name its switches and feeds. It closes by itself when fewer',
  '  than `domainFailures` are unhealthy and `cooldownSeconds` have passed; what is left is then remediated one by one.',
  '- **Storms.** More than `clusterUnhealthyPercent` of a cluster unhealthy: nothing new in it until enough are healthy and `cooldownSeconds` have passed.',
  '  What is in remediation, or gave up, counts as unhealthy in every budget.',
  '- **Budgets.** Servers in remediation at once per cluster, rack, feed and switch; power cycles per server and day, counted from the history of its operations,',
  '  also those that people asked for; control planes one at a time.',
  '- **A doubtful view.** Nothing is done on the word of an API server that any live worker does not see (`vantages_disagree`, `api_server_silent`; ADR 11), nor when',
  '  many of the BMCs that were asked before acting are silent (`bmc_network_silent`).',
  '- **`paused: true`** in the policy, at the next round.',
];

const BY_HAND = [
  '## By hand',
  '',
  '- Stop everything: `PATCH /v1/health-policy` `{"paused": true}` with `If-Match: *`.',
  '- Remediate now: `POST /v1/servers/{ref}/operations` `{"type": "remediate", "params": {"first": "power_cycle"}}`. No budget holds a person back; the fence does.',
  '- A `degraded` server: `recover` when it is well (also forgets what its BMC reported), `remediate` again, `reimage`, replace, `isolate`, or `release`.',
  '- What a BMC reported stands until the server is recovered, validated after a repair, or released; after a hot swap: `DELETE /v1/servers/{ref}/health/findings`.',
  '  `bmc_critical` goes by itself, and comes back at the next look where it still holds. It keeps nobody from restarting a Node that fails: it names no part.',
  '- A Node deleted by hand (`node_gone`): nothing is released because of it. Restart the kubelet, or release the server.',
];
