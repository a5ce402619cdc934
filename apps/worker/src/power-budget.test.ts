// Who may switch on and when: asked before the order, told after it, and never asked for what draws no inrush.
import { fakeBmc } from '@rackwright/testkit/world/fake-bmc.ts';
import { simulatedWorld } from '@rackwright/testkit/world/simulated-world.ts';
import type { World } from '@rackwright/testkit/world/world.ts';
import { Postponed } from '@rackwright/workflow-engine/step-log.ts';
import type { Holder } from '@rackwright/workflows/ports.ts';
import { expect, test } from 'vitest';
import { budgetedBmc, type PowerAnswer, type PowerBook } from './power-budget.ts';

const HOLDER: Holder = { serverId: 'srv_1', operationId: 'op_1' };
const YES: PowerAnswer = { granted: true, draw: { inrushSeconds: 7 } };
const circuit = { kind: 'feed', name: 'b', volts: 230, budgetAmps: 12.8, share: 1 } as const;
const wait = { serverId: 'srv_1', why: 'inrush', circuit, askedAmps: 2.608, freeAmps: 1.004, nextFreeAt: 1_000 } as const;
const NO: PowerAnswer = { granted: false, rackName: 'R1', since: '2026-01-01T00:00:00.000Z', wait };

function bench(change: Partial<World>, answer: PowerAnswer = YES) {
  const { world } = simulatedWorld(change);
  const said: string[] = [];
  const book: PowerBook = {
    ask: async () => (said.push(`ask while ${world.power}`), answer),
    settle: async (_, seconds) => void said.push(`settle ${seconds} s while ${world.power}`),
    notSettled: (_, cause) => void said.push(`not settled: ${String(cause)}`),
    foundOn: async () => void said.push(`found ${world.power}`),
    note: async (_, power) => void said.push(`note ${power}`),
  };
  const noted = {};
  return { world, said, book, open: () => budgetedBmc(fakeBmc(world), HOLDER, book, noted) };
}

test('on: asked before the order, told after it', async () => {
  const { world, said, open } = bench({ power: 'off' });
  await open().setPower('on');
  expect(world.power).toBe('on');
  expect(said).toEqual(['note off', 'ask while off', 'settle 7 s while on']);
});

test('not its turn: nothing is sent, and it says which feed, how many amperes, since when and what unblocks it', async () => {
  const { world, open } = bench({ power: 'off' }, NO);
  const thrown = await open()
    .setPower('on')
    .catch((error: unknown) => error);
  expect(world.power).toBe('off');
  expect(thrown).toBeInstanceOf(Postponed);
  expect(thrown).toMatchObject({
    waiting: {
      code: 'power_budget',
      since: '2026-01-01T00:00:00.000Z',
      facts: { rack: 'R1', feed: 'b', why: 'inrush', askedAmps: 2.61, freeAmps: 1, nextFreeAt: '1970-01-01T00:00:01.000Z' },
      unblockedBy: expect.stringContaining('having started'),
    },
  });
});

test('a machine that is on asks for nothing; a reboot asks, and waits for its turn while it still runs', async () => {
  const running = bench({ power: 'on' }, NO);
  await running.open().setPower('on');
  await expect(running.open().setPower('reboot')).rejects.toBeInstanceOf(Postponed);
  expect(running.world.power).toBe('on');
  expect(running.said).toEqual(['note on', 'found on', 'ask while on']);
});

test('whoever goes on after a death between the order and its account finds it on, and gives back what the dead one held', async () => {
  const { world, said, book, open } = bench({ power: 'off' });
  await budgetedBmc(fakeBmc(world), HOLDER, { ...book, settle: () => Promise.reject(new Error('it died')) }, {}).setPower('on');
  await open().setPower('on');
  expect(said).toEqual(['note off', 'ask while off', 'not settled: Error: it died', 'note on', 'found on']);
});

test('an order that failed gives its grant back all the same: the machine may be starting', async () => {
  const { said, open } = bench({ power: 'off', bmc: 'lies' });
  await expect(open().setPower('on')).rejects.toMatchObject({ code: 'bmc_write_unverified' });
  expect(said).toEqual(['note off', 'ask while off', 'settle 7 s while off']);
});

test('what is seen is written down when it is news, and off gives back at once', async () => {
  const { world, said, open } = bench({ power: 'on' });
  await open().power();
  await open().power();
  await open().setPower('off');
  world.power = 'powering_on';
  await open().power();
  expect(said).toEqual(['note on', 'note off', 'note on']);
});

test('a grant that cannot be settled is told; the order was sent all the same', async () => {
  const { world, said, book, open } = bench({ power: 'off' });
  book.settle = () => Promise.reject(new Error('no database'));
  await open().setPower('on');
  expect(world.power).toBe('on');
  expect(said).toEqual(['note off', 'ask while off', 'not settled: Error: no database']);
});
