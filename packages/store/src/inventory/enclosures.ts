// Enclosures: chassis that fill units of a rack and have slots for blades.
import { Refusal } from '@rackwright/domain/errors.ts';
import type { EnclosureId, RackId, ServerId, SiteId } from '@rackwright/domain/ids.ts';
import { topUnit } from '@rackwright/domain/rack-units.ts';
import type { Face } from '@rackwright/domain/server.ts';
import type { Sql } from '../database.ts';
import { sayRackUnitsTaken } from '../servers/server-refusals.ts';
import type { Transaction } from '../transaction.ts';
import { listTable, type Table, tableCollection } from './table-collection.ts';
import { type PageRequest, type Stamps, stamps, type Work } from './work.ts';

export type NewEnclosure = {
  siteId: SiteId;
  rackId: RackId;
  name: string;
  serial: string | null;
  model: string | null;
  uPosition: number;
  uHeight: number;
  face: Face;
  slots: number;
};
export type EnclosureRecord = Stamps &
  NewEnclosure & { id: EnclosureId; rackName: string; blades: { slot: number; serverId: ServerId; name: string }[] };

const enclosures = (sql: Sql): Table<NewEnclosure> & { kind: 'enclosure' } => ({
  kind: 'enclosure',
  table: 'enclosures',
  select: `
    select t.id, t.site_id as "siteId", t.rack_id as "rackId", r.name as "rackName", t.name, t.serial, t.model,
           t.u_position as "uPosition", t.u_height as "uHeight", t.face::text as face, t.slots, ${stamps('t')},
           coalesce((select jsonb_agg(jsonb_build_object('slot', s.slot, 'serverId', s.id, 'name', s.name) order by s.slot)
                       from servers s where s.enclosure_id = t.id and s.state <> 'retired'), '[]') as blades
      from enclosures t join racks r on r.id = t.rack_id`,
  columns: {
    siteId: 'site_id',
    rackId: 'rack_id',
    name: 'name',
    serial: 'serial',
    model: 'model',
    uPosition: 'u_position::float8',
    uHeight: 'u_height::float8',
    face: 'face::face',
    slots: 'slots',
  },
  meanings: ({ name = '', serial = '', rackId = '' }) => ({
    enclosures_site_id_name_key: () => new Refusal('name_taken', { kind: 'enclosure', name }),
    enclosures_serial_key: async () => {
      const [known] = await sql.query<{ name: string }>('select name from enclosures where serial = $1', [serial]);
      return new Refusal('serial_already_known', { serial: serial ?? '', known: known?.name ?? 'another enclosure' });
    },
    enclosures_site_id_rack_id_fkey: async () => {
      const racks = await sql.query('select from racks where id = $1', [rackId]);
      return racks.length > 0
        ? new Refusal('rack_in_other_site')
        : new Refusal('reference_not_found', { kind: 'rack', id: rackId });
    },
    rack_units_taken: (values) => sayRackUnitsTaken(sql, values),
  }),
  async writeParts(tx, id, change) {
    await refuseMisfit(tx, id);
    // The foreign key took the blades along; their versions say so to whoever read them before.
    if (change.rackId !== undefined) await tellBlades(tx, id);
  },
});

/** Refusals `rack_position_outside`, `still_in_use`. Locks the rack against shrinking until the transaction ends. */
async function refuseMisfit(tx: Transaction, id: string): Promise<void> {
  const [place] = await tx.query<{ rack: string; heightU: number; uPosition: number; uHeight: number }>(
    `select r.name as rack, r.height_u as "heightU", t.u_position as "uPosition", t.u_height as "uHeight"
       from enclosures t join racks r on r.id = t.rack_id where t.id = $1 for share of r`,
    [id],
  );
  if (!place) return;
  const u = topUnit(place.uPosition, place.uHeight);
  if (u > place.heightU) throw new Refusal('rack_position_outside', { rack: place.rack, u, heightU: place.heightU });
  const [beyond] = await tx.query<{ name: string; slot: number }>(
    `select s.name, s.slot from servers s join enclosures t on t.id = s.enclosure_id
      where t.id = $1 and s.slot > t.slots and s.state <> 'retired' limit 1`,
    [id],
  );
  if (beyond) throw new Refusal('still_in_use', { kind: 'enclosure', dependents: `${beyond.name} in slot ${beyond.slot}` });
}

async function tellBlades(tx: Transaction, id: string): Promise<void> {
  const blades = await tx.query<{ id: ServerId; version: number }>(
    `update servers set version = version + 1, updated_at = clock_timestamp()
      where enclosure_id = $1 and state <> 'retired' returning id, version`,
    [id],
  );
  for (const blade of blades)
    tx.emit({
      kind: 'server.updated',
      subject: { kind: 'server', id: blade.id },
      serverId: blade.id,
      version: blade.version,
      payload: { changed: { rackId: true } },
    });
}

export type EnclosureFilter = { name?: string | undefined; siteId?: SiteId | undefined; rackId?: RackId | undefined };

export function postgresEnclosures(work: Work) {
  const table = enclosures(work.read);
  return {
    ...tableCollection<'enclosure', EnclosureRecord, NewEnclosure>(work, table),
    list: (page: PageRequest, { name, siteId, rackId }: EnclosureFilter) =>
      listTable<EnclosureRecord>(work.read, table, page, { name, site_id: siteId, rack_id: rackId }),
  };
}
