// What is seen of a machine before which somebody stands: its power even without its light, and why when it says nothing.
import { Fault } from '@rackwright/domain/errors.ts';
import type { ServerId } from '@rackwright/domain/ids.ts';
import { expect, test } from 'vitest';
import type { MachineSeen } from './needs.ts';
import { type Glance, watchTechnicians } from './watch-technicians.ts';

const unsupported = () => Promise.reject(new Fault({ code: 'bmc_unsupported', doing: 'read the light', retry: 'never' }));

function watched(bmc: Partial<Glance>, machines = [{ serverId: 'srv_1' as ServerId, ledWanted: true }]) {
  const seen: MachineSeen[] = [];
  const told: boolean[] = [];
  const logged: string[] = [];
  const whole: Glance = {
    power: async () => 'off',
    identifyLed: async () => false,
    setIdentifyLed: async (lit) => void told.push(lit),
    ...bmc,
  };
  const technicians = watchTechnicians({
    watch: { claim: async (limit) => machines.slice(0, limit), record: async (_id, one) => void seen.push(one) },
    glance: (_id, use) => use(whole),
    log: { warn: (facts, message) => void logged.push(`${message}: ${JSON.stringify(facts)}`) },
  });
  return { technicians, seen, told, logged };
}

test('the light is turned on where it is not, and told once it is', async () => {
  const { technicians, seen, told } = watched({});
  await technicians.look();
  await technicians.close();
  expect([seen, told]).toEqual([[{ power: 'off', silentBecause: null, ledLit: true }], [true]]);
});

test('a machine without a light still tells of its power', async () => {
  const { technicians, seen } = watched({ identifyLed: unsupported });
  await technicians.look();
  await technicians.close();
  expect(seen).toEqual([{ power: 'off', silentBecause: null, ledLit: null }]);
});

test('a BMC that says nothing is no sighting of off, and the reason is kept', async () => {
  const { technicians, seen } = watched({
    power: () => Promise.reject(new Fault({ code: 'bmc_unreachable', doing: 'read its power', retry: 'later' })),
  });
  await technicians.look();
  await technicians.close();
  expect(seen).toEqual([{ power: null, silentBecause: 'bmc_unreachable', ledLit: null }]);
});

test('one that does not answer is not asked again meanwhile, and holds up no other', async () => {
  const silent = Promise.withResolvers<'off'>();
  let asked = 0;
  const machines = ['srv_1', 'srv_2'].map((serverId) => ({ serverId: serverId as ServerId, ledWanted: false }));
  const { technicians, seen } = watched({ power: () => (++asked === 1 ? silent.promise : Promise.resolve('on')) }, machines);
  const nextTurn = () => new Promise((turn) => setImmediate(turn));
  await technicians.look();
  await nextTurn();
  await technicians.look();
  await nextTurn();
  expect(seen.every(({ power }) => power === 'on')).toBe(true);
  expect(asked).toBe(3);
  silent.resolve('off');
  await technicians.close();
  expect(seen).toHaveLength(3);
});

test('trouble of ours is no silence of the BMC: it is told, without its cause', async () => {
  const trouble = new Error('query the database', { cause: new Error('postgres://u:hunter2@db') });
  const { technicians, seen, logged } = watched({ power: () => Promise.reject(trouble) });
  await technicians.look();
  await technicians.close();
  expect(seen).toEqual([]);
  expect(logged).toEqual(['nobody sees what a technician does: {"serverId":"srv_1","because":"query the database"}']);
});
