// Enclosures, blades and half units on a real Postgres: what cannot stand together is refused, whoever comes first.
import type { EnclosureId } from '@rackwright/domain/ids.ts';
import type { NewEnclosure } from '@rackwright/store/inventory/enclosures.ts';
import { newId } from '@rackwright/store/new-id.ts';
import { type Stock, stockInventory } from '@rackwright/testkit/postgres/stocked-inventory.ts';
import { useTestDatabase } from '@rackwright/testkit/postgres/test-database.ts';
import { beforeEach, describe, expect, test } from 'vitest';

const db = useTestDatabase();
let stock: Stock;
let made = 0;
beforeEach(async () => {
  stock = await stockInventory(db.database);
});

async function addEnclosure(change: Partial<NewEnclosure> = {}): Promise<EnclosureId> {
  made++;
  const { id } = await stock.inventory.enclosures.create(newId('enclosure'), {
    siteId: stock.siteId,
    rackId: stock.rackId,
    name: `chassis-${made}`,
    serial: `CH-${made}`,
    model: null,
    uPosition: 10,
    uHeight: 10,
    face: 'front',
    slots: 8,
    ...change,
  });
  return id;
}
const secondRack = (heightU = 42) =>
  stock.inventory.racks.create(newId('rack'), { siteId: stock.siteId, name: 'R2', heightU, powerFeeds: [], switches: [] });

describe('half units', () => {
  test('two half-height servers share a unit; a third and a whole one do not fit', async () => {
    await stock.addServer({ uPosition: 5, uHeight: 0.5 });
    const upper = await stock.addServer({ name: 'upper', uPosition: 5.5, uHeight: 0.5 });
    expect((await stock.inventory.servers.get(upper)).location).toMatchObject({ uPosition: 5.5, uHeight: 0.5 });
    await expect(stock.addServer({ uPosition: 5.5, uHeight: 1 })).rejects.toMatchObject({
      code: 'rack_position_occupied',
      facts: { rack: 'R1', u: '5.5-6', occupant: 'upper' },
    });
    await stock.addServer({ uPosition: 6 });
    await expect(stock.addServer({ uPosition: 42.5, uHeight: 1 })).rejects.toMatchObject({ code: 'rack_position_outside' });
    await stock.addServer({ uPosition: 42.5, uHeight: 0.5 });
  });

  test('any number hangs beside the units; a third of a unit is no place', async () => {
    for (let n = 0; n < 3; n++) await stock.addServer({ uPosition: null });
    await expect(stock.addServer({ uPosition: 1, uHeight: 1 / 3 })).rejects.toMatchObject({ code: 'conflicting_value' });
  });

  test('200 random places: taken exactly when every half of them is free', async () => {
    let seed = 20_261_122;
    const below = (n: number) => {
      seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
      return seed % n;
    };
    const filled = new Set<string>();
    const seen = { taken: 0, refused: 0 };
    for (let n = 0; n < 200; n++) {
      const face = below(7) < 4 ? ('front' as const) : ('rear' as const);
      const place = { uPosition: 1 + below(80) / 2, uHeight: (1 + below(3)) / 2, face };
      const halves = Array.from({ length: place.uHeight * 2 }, (_, i) => `${face} ${place.uPosition + i / 2}`);
      const free = halves.every((half) => !filled.has(half));
      const added = below(5) === 0 ? addEnclosure(place) : stock.addServer(place);
      if (free) {
        await added;
        for (const half of halves) filled.add(half);
        seen.taken++;
      } else {
        await expect(added, JSON.stringify(place)).rejects.toMatchObject({ code: 'rack_position_occupied' });
        seen.refused++;
      }
    }
    expect(seen.taken).toBeGreaterThan(30);
    expect(seen.refused).toBeGreaterThan(50);
  });
});

describe('enclosures and servers in one rack', () => {
  test('overlaps are refused both ways, by name; the other face is free', async () => {
    const id = await addEnclosure({ name: 'blades-a' });
    await expect(stock.addServer({ uPosition: 19 })).rejects.toMatchObject({
      code: 'rack_position_occupied',
      facts: { u: '19', occupant: 'enclosure blades-a' },
    });
    await stock.addServer({ uPosition: 19, face: 'rear' });
    await stock.addServer({ name: 'lone', uPosition: 21 });
    await expect(stock.inventory.enclosures.update(id, 'any', { uPosition: 12 })).rejects.toMatchObject({
      code: 'rack_position_occupied',
      facts: { u: '12-21', occupant: 'lone' },
    });
    await expect(addEnclosure({ uPosition: 20, uHeight: 2 })).rejects.toMatchObject({ code: 'rack_position_occupied' });
    await expect(addEnclosure({ uPosition: 40, uHeight: 4 })).rejects.toMatchObject({ code: 'rack_position_outside' });
    await stock.inventory.enclosures.update(id, 'any', { uPosition: 11 });
    await stock.addServer({ uPosition: 10 });
    await expect(stock.inventory.racks.update(stock.rackId, 'any', { heightU: 20 })).rejects.toMatchObject({
      code: 'still_in_use',
    });
  });

  test('a server and an enclosure that want the same units at once: one of them gets them', async () => {
    const all = await Promise.allSettled(
      Array.from({ length: 5 }, () => [
        stock.addServer({ uPosition: 31, uHeight: 2 }),
        addEnclosure({ uPosition: 30, uHeight: 3 }),
      ]).flat(),
    );
    expect(all.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    for (const one of all) if (one.status === 'rejected') expect(one.reason).toMatchObject({ code: 'rack_position_occupied' });
  });
});

describe('blades', () => {
  const inSlot = (enclosureId: EnclosureId, slot: number) => ({ enclosureId, slot, rackId: null, uPosition: null });

  test('stand in the rack of their enclosure, with its feeds, and move with it', async () => {
    const id = await addEnclosure();
    const blade = await stock.addServer(inSlot(id, 3));
    const before = await stock.inventory.servers.get(blade);
    expect(before.location).toMatchObject({
      rackName: 'R1',
      powerFeeds: ['A', 'B'],
      uPosition: null,
      enclosure: { id, slot: 3 },
    });
    const rack = await secondRack();
    await stock.inventory.enclosures.update(id, 'any', { rackId: rack.id, uPosition: 1 });
    const after = await stock.inventory.servers.get(blade);
    expect(after.location).toMatchObject({ rackId: rack.id, rackName: 'R2', powerFeeds: [], enclosure: { id, slot: 3 } });
    expect(after.version).toBe(before.version + 1);
    await stock.addServer({ uPosition: 10, uHeight: 10 });
  });

  test('of ten that want one slot at once, one gets it; the others learn who', async () => {
    const id = await addEnclosure({ name: 'wanted' });
    const all = await Promise.allSettled(Array.from({ length: 10 }, () => stock.addServer(inSlot(id, 2))));
    expect(all.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    const { blades } = await stock.inventory.enclosures.get(id);
    expect(blades).toHaveLength(1);
    for (const one of all)
      if (one.status === 'rejected')
        expect(one.reason).toMatchObject({
          code: 'slot_occupied',
          facts: { slot: 2, enclosure: 'wanted', occupant: blades[0]?.name },
        });
  });

  test('moved into slots while their enclosure moves, they end in its rack', async () => {
    const id = await addEnclosure();
    const [one, two] = [await stock.addServer({ uPosition: 1 }), await stock.addServer(inSlot(id, 1))];
    const rack = await secondRack();
    await Promise.all([
      stock.inventory.enclosures.update(id, 'any', { rackId: rack.id }),
      stock.inventory.servers.update(one, 'any', { enclosureId: id, slot: 5 }),
      stock.inventory.servers.update(two, 'any', { slot: 6 }),
    ]);
    for (const blade of [one, two])
      expect((await stock.inventory.servers.get(blade)).location).toMatchObject({ rackId: rack.id, uPosition: null });
    // The unit that it left is free.
    await stock.addServer({ uPosition: 1 });
  });

  test('no slot beyond the last, no unit or rack of its own; out of the enclosure it has both', async () => {
    const id = await addEnclosure();
    await expect(stock.addServer(inSlot(id, 9))).rejects.toMatchObject({ code: 'slot_outside', facts: { slot: 9, slots: 8 } });
    const blade = await stock.addServer(inSlot(id, 8));
    const rack = await secondRack();
    for (const change of [{ uPosition: 1 }, { rackId: rack.id }, { rackId: null }])
      await expect(stock.inventory.servers.update(blade, 'any', change)).rejects.toMatchObject({ code: 'server_in_enclosure' });
    await expect(stock.inventory.enclosures.update(id, 'any', { slots: 7 })).rejects.toMatchObject({ code: 'still_in_use' });
    await expect(stock.inventory.enclosures.delete(id, 'any')).rejects.toMatchObject({ code: 'still_in_use' });
    const out = await stock.inventory.servers.update(blade, 'any', { enclosureId: null, rackId: rack.id, uPosition: 1.5 });
    expect(out.location).toMatchObject({ rackId: rack.id, uPosition: 1.5, enclosure: null });
    await stock.inventory.enclosures.delete(id, 'any');
    await stock.addServer({ uPosition: 10, uHeight: 10 });
  });

  test('an enclosure goes to no rack of another site, and takes no server of one', async () => {
    const other = await stockInventory(db.database);
    const id = await addEnclosure();
    await expect(stock.inventory.enclosures.update(id, 'any', { rackId: other.rackId })).rejects.toMatchObject({
      code: 'rack_in_other_site',
    });
    await expect(other.addServer(inSlot(id, 1))).rejects.toMatchObject({ code: 'rack_in_other_site' });
  });
});
