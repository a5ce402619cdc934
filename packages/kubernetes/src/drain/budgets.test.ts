// Which budgets cover a pod, and when one would hold it, one line each.
import { expect, test } from 'vitest';
import type { BudgetObject, PodObject } from '../http/objects.ts';
import { covers, holds } from './budgets.ts';

const meta = { name: 'b', namespace: 'd', uid: 'u', resourceVersion: '1' };
const pod = (change: Partial<PodObject> = {}): PodObject => ({
  metadata: { ...meta, name: 'p', labels: { app: 'web', tier: 'front' } },
  status: { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }] },
  ...change,
});
type Spec = NonNullable<BudgetObject['spec']>;
const budget = (spec: Spec, status: NonNullable<BudgetObject['status']> = {}, apiVersion = 'policy/v1'): BudgetObject => ({
  apiVersion,
  metadata: meta,
  spec,
  status,
});
const by = (key: string, operator: string, ...values: string[]) => ({
  selector: { matchExpressions: [{ key, operator, values }] },
});

test.each<[what: string, budget: BudgetObject, covered: boolean]>([
  ['the label', budget({ selector: { matchLabels: { app: 'web' } } }), true],
  ['two labels, one of them another', budget({ selector: { matchLabels: { app: 'web', tier: 'back' } } }), false],
  ['In', budget(by('app', 'In', 'db', 'web')), true],
  ['NotIn', budget(by('app', 'NotIn', 'web')), false],
  ['NotIn of a label that it lacks', budget(by('colour', 'NotIn', 'red')), true],
  ['Exists', budget(by('tier', 'Exists')), true],
  ['DoesNotExist', budget(by('tier', 'DoesNotExist')), false],
  ['nothing, since policy/v1', budget({ selector: {} }), true],
  ['nothing, before', budget({ selector: {} }, {}, 'policy/v1beta1'), false],
  ['no selector', budget({}), false],
])('selects by %s', (_, one, covered) => {
  expect(covers(one, pod())).toBe(covered);
});

test('a budget of another namespace covers nothing', () => {
  const elsewhere = { ...budget({ selector: {} }), metadata: { ...meta, namespace: 'other' } };
  expect(covers(elsewhere, pod())).toBe(false);
});

const unready = pod({ status: { phase: 'Running', conditions: [{ type: 'Ready', status: 'False' }] } });
const full = { disruptionsAllowed: 0, currentHealthy: 2, desiredHealthy: 2 };
test.each<[what: string, pod: PodObject, budgets: BudgetObject[], held: RegExp | null]>([
  ['no budget', pod(), [], null],
  ['room in the budget', pod(), [budget({}, { disruptionsAllowed: 1 })], null],
  ['no room', pod(), [budget({}, full)], /needs 2 healthy pods and has 2/],
  ['two budgets', pod(), [budget({}, { disruptionsAllowed: 1 }), budget({}, { disruptionsAllowed: 1 })], /several/],
  ['a budget that nobody counted', pod(), [budget({})], /not counted/],
  ['a pod that never started', pod({ status: { phase: 'Pending' } }), [budget({}, full)], null],
  ['an unready pod, the budget met without it', unready, [budget({}, full)], null],
  ['an unready pod, the budget not met', unready, [budget({}, { ...full, currentHealthy: 1 })], /has 1/],
  [
    'an unready pod that may always go',
    unready,
    [budget({ unhealthyPodEvictionPolicy: 'AlwaysAllow' }, { ...full, currentHealthy: 1 })],
    null,
  ],
])('%s', (_, one, budgets, held) => {
  const why = holds(budgets, one);
  if (held === null) expect(why).toBeNull();
  else expect(why).toMatch(held);
});
