// A seed names what the operator of a chaos run does with each server, whenever it looks at which.
import { expect, test } from 'vitest';
import { type Begun, type Visit, visitsOf } from '../../scripts/chaos/operator-dice.ts';

type Said = { restMs: number; cancelAfterMs: number; busy: Begun; idle: Begun };

function say({ restMs, cancelAfterMs, next }: Visit): Said {
  return { restMs, cancelAfterMs, busy: next('in_service'), idle: next('available') };
}

/** Each server's first visits, drawn in the order given. */
function play(seed: number, order: readonly number[]): Map<number, Said[]> {
  const draws = new Map<number, () => Visit>();
  const played = new Map<number, Said[]>();
  for (const server of order) {
    const draw = draws.get(server) ?? visitsOf(seed, server);
    draws.set(server, draw);
    played.set(server, [...(played.get(server) ?? []), say(draw())]);
  }
  return played;
}

const IN_TURN = Array.from({ length: 300 }, (_, n) => n % 3);

test('the same seed plays the same with each server, in whatever order they come to rest', () => {
  const oneAfterTheOther = IN_TURN.toSorted((a, b) => a - b);
  expect(play(7, oneAfterTheOther)).toEqual(play(7, IN_TURN));
  expect(play(7, IN_TURN.toReversed())).toEqual(play(7, IN_TURN));
});

test('another seed plays otherwise, and so does another server', () => {
  const played = play(7, IN_TURN);
  expect(play(8, IN_TURN)).not.toEqual(played);
  expect(played.get(0)).not.toEqual(played.get(1));
});

test('what a server was asked on the way changes none of its later visits', () => {
  const [asked, unasked] = [visitsOf(7, 1), visitsOf(7, 1)];
  const visit = asked();
  for (const state of ['in_service', 'available', 'quarantined', 'in_service']) visit.next(state);
  unasked();
  expect(say(asked())).toEqual(say(unasked()));
});

test('everything comes: re-imaging, repair, release, cancelling soon and hardly ever', () => {
  const all = [...play(7, IN_TURN).values()].flat();
  expect(new Set(all.map(({ busy }) => busy))).toEqual(new Set(['reimage', 'isolate', 'release']));
  expect(new Set(all.map(({ idle }) => idle))).toEqual(new Set(['provision', 'isolate']));
  expect(all.some(({ cancelAfterMs }) => cancelAfterMs < 2_000)).toBe(true);
  expect(all.some(({ cancelAfterMs }) => cancelAfterMs > 100_000)).toBe(true);
  for (const { restMs } of all) expect(restMs).toBeLessThan(15_100);
});
