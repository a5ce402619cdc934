// What the database refuses about servers, said with names that people know.
import { Refusal } from '@rackwright/domain/errors.ts';
import type { RackId, ServerId } from '@rackwright/domain/ids.ts';
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
    servers_rack_position: (values) => occupied(sql, values),
  };
}

/** Postgres tells the key that was wanted: rack, face, and the units as a range that excludes its end, `[5,7)`. */
async function occupied(sql: Sql, [rackId = '', face = '', range = '']: string[]): Promise<Refusal> {
  const [from = 0, to = 0] = range.slice(1, -1).split(',').map(Number);
  const [rack] = await sql.query<{ name: string; occupant: string | null }>(
    `select r.name, (select s.name from servers s
                      where s.rack_id = r.id and s.face::text = $2 and s.state <> 'retired'
                        and int4range(s.u_position, s.u_position + s.u_height) && int4range($3, $4) limit 1) as occupant
       from racks r where r.id = $1`,
    [rackId, face, from, to],
  );
  const u = to - from > 1 ? `${from}-${to - 1}` : String(from);
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
    const top = (uPosition ?? 0) + uHeight - 1;
    if (rack && (top > rack.heightU || (uPosition ?? 1) < 1))
      throw new Refusal('rack_position_outside', { rack: rack.name, u: top, heightU: rack.heightU });
  }
}
