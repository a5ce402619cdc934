// Where blades are: the slot of an enclosure, and with it the enclosure's rack.
import { Refusal } from '@rackwright/domain/errors.ts';
import type { EnclosureId, RackId, SiteId } from '@rackwright/domain/ids.ts';
import type { Transaction } from '../transaction.ts';
import type { ServerRecord } from './read-server.ts';

type Asked = {
  siteId: SiteId;
  enclosureId: EnclosureId;
  slot: number | null;
  /** Undefined: not told, so where the enclosure is. */
  rackId: RackId | null | undefined;
  uPosition: number | null;
};
type Housed = {
  siteId: SiteId;
  rackId: RackId | null;
  uPosition: number | null;
  enclosureId?: EnclosureId | null | undefined;
  slot?: number | null | undefined;
};
type Enclosure = { id: EnclosureId; siteId: SiteId; rackId: RackId; name: string; slots: number };

/** Refusals `reference_not_found`, `rack_in_other_site`, `slot_outside`, `server_in_enclosure`. Locks the enclosures against moves. */
async function rackOf(tx: Transaction, blades: readonly Asked[]): Promise<Map<EnclosureId, RackId>> {
  if (blades.length === 0) return new Map();
  const found = await tx.query<Enclosure>(
    'select id, site_id as "siteId", rack_id as "rackId", name, slots from enclosures where id = any($1) order by id for share',
    [[...new Set(blades.map(({ enclosureId }) => enclosureId))]],
  );
  for (const { enclosureId, siteId, slot, rackId, uPosition } of blades) {
    const enclosure = found.find(({ id }) => id === enclosureId);
    if (!enclosure) throw new Refusal('reference_not_found', { kind: 'enclosure', id: enclosureId });
    if (enclosure.siteId !== siteId) throw new Refusal('rack_in_other_site', { enclosure: enclosure.name });
    if (slot === null || slot < 1 || slot > enclosure.slots)
      throw new Refusal('slot_outside', { slot: slot ?? 'none', enclosure: enclosure.name, slots: enclosure.slots });
    if (uPosition !== null || (rackId !== undefined && rackId !== enclosure.rackId))
      throw new Refusal('server_in_enclosure', { enclosure: enclosure.name, slot });
  }
  return new Map(found.map(({ id, rackId }) => [id, rackId]));
}

/** The same servers, blades with their enclosure's rack. Refusals as above. */
export async function withBladePlaces<S extends Housed>(tx: Transaction, servers: readonly S[]): Promise<S[]> {
  const blades = servers.flatMap(({ enclosureId, slot, siteId, rackId, uPosition }) =>
    enclosureId ? [{ enclosureId, slot: slot ?? null, siteId, rackId: rackId ?? undefined, uPosition }] : [],
  );
  const racks = await rackOf(tx, blades);
  return servers.map((server) => (server.enclosureId ? { ...server, rackId: racks.get(server.enclosureId) ?? null } : server));
}

const PLACE = ['siteId', 'rackId', 'uPosition', 'enclosureId', 'slot'] as const;

/** What a change of place means besides what it says: who goes into an enclosure leaves its unit. Refusals as above. */
export async function changedBladePlace(
  tx: Transaction,
  { location }: ServerRecord,
  change: Partial<Housed>,
): Promise<Partial<Housed>> {
  if (PLACE.every((member) => change[member] === undefined)) return {};
  const enclosureId = change.enclosureId === undefined ? (location.enclosure?.id ?? null) : change.enclosureId;
  if (enclosureId === null) return location.enclosure ? { enclosureId: null, slot: null } : {};
  const slot = change.slot === undefined ? (location.enclosure?.slot ?? null) : change.slot;
  const siteId = change.siteId ?? location.siteId;
  const asked = { siteId, enclosureId, slot, rackId: change.rackId, uPosition: change.uPosition ?? null };
  const racks = await rackOf(tx, [asked]);
  return { enclosureId, slot, rackId: racks.get(enclosureId) ?? null, uPosition: null };
}
