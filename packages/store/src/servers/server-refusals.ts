// What the database refuses about servers, said with names that people know.
import { Refusal } from '@rackwright/domain/errors.ts';
import type { RackId, ServerId } from '@rackwright/domain/ids.ts';
import { sayUnits, topUnit } from '@rackwright/domain/rack-units.ts';
import type { Sql } from '../database.ts';
import type { SayRefusal } from '../inventory/constraint-refusals.ts';
import type { Transaction } from '../transaction.ts';

const SAME_REQUEST = 'another server of the same request';

/** @param sql  asked after the failed write was put back */
export function serverRefusals(sql: Sql): Record<string, SayRefusal> {
  const nameOf = async (condition: string, values: unknown[]): Promise<string> => {
    const [row] = await sql.query<{ name: string }>(`select s.name from servers s where ${condition} limit 1`, values);
    return row?.name ?? SAME_REQUEST;
  };
  const missing =
    (kind: string): SayRefusal =>
    ([, id = '']) =>
      new Refusal('reference_not_found', { kind, id });
  return {
    servers_name_key: ([name = '']) => new Refusal('name_taken', { kind: 'server', name }),
    servers_serial_key: async ([serial = '']) =>
      new Refusal('serial_already_known', { serial, known: await nameOf('s.serial = $1', [serial]) }),
    servers_asset_tag_key: async ([assetTag = '']) =>
      new Refusal('asset_tag_already_known', { assetTag, known: await nameOf('s.asset_tag = $1', [assetTag]) }),
    nics_pkey: async ([mac = '']) => {
      const known = await nameOf('s.id = (select server_id from nics where mac = $1)', [mac]);
      return new Refusal('mac_already_known', { mac, known });
    },
    servers_network_id_address_key: async ([networkId = '', address = '']) => {
      const known = await nameOf('s.network_id = $1 and s.address = $2::inet', [networkId, address]);
      return new Refusal('address_already_taken', { address, known });
    },
    server_bmcs_endpoint: ([protocol = '', address = '']) =>
      new Refusal('conflicting_value', { constraint: `another server has the ${protocol} BMC ${address}` }),
    servers_site_id_fkey: ([id = '']) => new Refusal('reference_not_found', { kind: 'site', id }),
    servers_site_id_rack_id_fkey: async (values) => {
      const racks = await sql.query('select from racks where id = $1', [values[1] ?? '']);
      return racks.length > 0 ? new Refusal('rack_in_other_site') : missing('rack')(values);
    },
    servers_site_id_network_id_fkey: async (values) => {
      const networks = await sql.query('select from networks where id = $1', [values[1] ?? '']);
      return networks.length > 0 ? new Refusal('rack_in_other_site') : missing('network')(values);
    },
    servers_site_id_rack_id_enclosure_id_fkey: ([, , id = '']) => new Refusal('reference_not_found', { kind: 'enclosure', id }),
    servers_enclosure_slot: async ([enclosureId = '', slot = '']) => {
      const [row] = await sql.query<{ name: string }>('select name from enclosures where id = $1', [enclosureId]);
      const occupant = await nameOf(`s.enclosure_id = $1 and s.slot = $2::int and s.state <> 'retired'`, [enclosureId, slot]);
      return new Refusal('slot_occupied', { slot: Number(slot), enclosure: row?.name ?? enclosureId, occupant });
    },
    rack_units_taken: (values) => sayRackUnitsTaken(sql, values),
  };
}

/** Postgres tells the key that was wanted: rack, face, and the half units as a range that excludes its end, `[10,14)`; then the key that is there. */
export async function sayRackUnitsTaken(
  sql: Sql,
  [rackId = '', face = '', range = '', , , there = '']: string[],
): Promise<Refusal> {
  const [from = 0, to = 0] = range.slice(1, -1).split(',').map(Number);
  const [rack] = await sql.query<{ name: string; occupant: string | null }>(
    `select r.name, (select coalesce(s.name, 'enclosure ' || e.name) from rack_units u
                       left join servers s on s.id = u.occupant_id left join enclosures e on e.id = u.occupant_id
                      where u.rack_id = r.id and u.face::text = $2
                        and int4range(u.first_half, u.end_half) = $3::int4range) as occupant
       from racks r where r.id = $1`,
    [rackId, face, there],
  );
  const u = sayUnits(from / 2, (to - from) / 2);
  return new Refusal('rack_position_occupied', { rack: rack?.name ?? rackId, u, face, occupant: rack?.occupant ?? SAME_REQUEST });
}

type Position = { id: ServerId; rackId: RackId | null; uPosition: number | null; uHeight: number };

/** Refusal `rack_position_outside`. Locks the racks against shrinking until the transaction ends. */
export async function refuseOutsideRack(tx: Transaction, servers: readonly Position[]): Promise<void> {
  const inRacks = servers.filter(({ rackId, uPosition }) => rackId !== null && uPosition !== null);
  if (inRacks.length === 0) return;
  const racks = await tx.query<{ id: RackId; name: string; heightU: number }>(
    'select id, name, height_u as "heightU" from racks where id = any($1) order by id for share',
    [[...new Set(inRacks.map(({ rackId }) => rackId))]],
  );
  for (const { rackId, uPosition, uHeight } of inRacks) {
    const rack = racks.find(({ id }) => id === rackId);
    const top = topUnit(uPosition ?? 1, uHeight);
    if (rack && (top > rack.heightU || (uPosition ?? 1) < 1))
      throw new Refusal('rack_position_outside', { rack: rack.name, u: top, heightU: rack.heightU });
  }
}
