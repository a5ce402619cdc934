// What only one server may have: names, tags, MACs, addresses, BMCs, rack units. Who of the file, or on file, has it already?
import { sayDetail } from '@rackwright/api-contract/errors.ts';
import type { CellError } from '@rackwright/api-contract/imports/read-server-rows.ts';
import type { Facts } from '@rackwright/domain/errors.ts';
import type { Sql } from '../database.ts';
import type { NewServer } from '../servers/insert-servers.ts';
import { COLUMN_OF, type PlannedRow } from './plan-row.ts';
import type { OnFile } from './read-on-file.ts';

type Kind = 'name' | 'assetTag' | 'mac' | 'address' | 'bmc' | 'unit';
/** One thing of which there is one, as a text to compare by. */
type Claim = { kind: Kind; key: string; value: string };
type Subject = Pick<
  NewServer,
  'name' | 'assetTag' | 'nics' | 'networkId' | 'address' | 'bmc' | 'rackId' | 'uPosition' | 'uHeight' | 'face'
>;

function claimsOf(server: Subject, retired: boolean): Claim[] {
  const { name, assetTag, nics, networkId, address, bmc, rackId, uPosition, uHeight, face } = server;
  const claims: Claim[] = [{ kind: 'name', key: name, value: name }];
  if (assetTag !== null) claims.push({ kind: 'assetTag', key: assetTag, value: assetTag });
  for (const { mac } of nics) claims.push({ kind: 'mac', key: mac, value: mac });
  if (networkId !== null && address !== null) claims.push({ kind: 'address', key: `${networkId} ${address}`, value: address });
  if (bmc) claims.push({ kind: 'bmc', key: `${bmc.protocol} ${bmc.address} ${bmc.port ?? 0}`, value: bmc.address });
  // A retired one stands there no longer.
  if (rackId !== null && uPosition !== null && !retired) {
    for (let u = uPosition; u < uPosition + uHeight; u += 0.5)
      claims.push({ kind: 'unit', key: `${rackId} ${face} ${u}`, value: `${u}` });
  }
  return claims.map((claim) => ({ ...claim, key: `${claim.kind} ${claim.key}` }));
}

const unitKey = (rackId: string, face: string, u: number): string => `unit ${rackId} ${face} ${u}`;

/**
 * The rows that can be written together; `errors` gets the others. Of two rows that want the same the first has it. A row that falls
 * out stays as it is on file, so who counted on what it would leave falls out as well.
 */
export async function withoutConflicts(
  sql: Sql,
  planned: readonly PlannedRow[],
  onFile: OnFile,
  errors: CellError[],
): Promise<PlannedRow[]> {
  const wanted = new Map(planned.map((plan) => [plan, claimsOf(plan.after, plan.before?.retired ?? false)]));
  const held = await holders(sql, planned);
  const claimants = new Map<string, PlannedRow>();
  const failed = new Set<PlannedRow>();
  const fail = (plan: PlannedRow, claim: Claim, known: string): void => {
    if (failed.has(plan)) return;
    failed.add(plan);
    errors.push(conflict(plan, claim, known, onFile));
  };
  for (const plan of planned) {
    for (const claim of wanted.get(plan) ?? []) {
      const other = claimants.get(claim.key);
      const holder = held.get(claim.key);
      if (other) fail(plan, claim, `row ${other.row.row}`);
      else if (holder !== undefined) fail(plan, claim, holder);
      else claimants.set(claim.key, plan);
    }
  }
  // The servers of rows that were wrong before they came here have not moved either.
  const moving = new Set(planned.map(({ before }) => before?.id));
  const staying = [...onFile.servers.values()].filter(({ id }) => !moving.has(id));
  const queue = [...staying, ...[...failed].flatMap(({ before }) => before ?? [])];
  for (let server = queue.shift(); server !== undefined; server = queue.shift()) {
    for (const claim of claimsOf(server, server.retired)) {
      const plan = claimants.get(claim.key);
      if (!plan || plan.before?.id === server.id || failed.has(plan)) continue;
      fail(plan, claim, server.name);
      if (plan.before) queue.push(plan.before);
    }
  }
  return planned.filter((plan) => !failed.has(plan));
}

const MEMBER_OF: Record<Kind, keyof NewServer> = {
  name: 'name',
  assetTag: 'assetTag',
  mac: 'nics',
  address: 'address',
  bmc: 'bmc',
  unit: 'uPosition',
};

function conflict({ row, after }: PlannedRow, { kind, value }: Claim, known: string, { racks }: OnFile): CellError {
  const say = (code: string, facts: Facts, column = COLUMN_OF[MEMBER_OF[kind]]): CellError => ({
    row: row.row,
    column,
    code,
    message: sayDetail(code, facts),
  });
  switch (kind) {
    case 'name':
      return say('name_taken', { kind: 'server', name: value });
    case 'assetTag':
      return say('asset_tag_already_known', { assetTag: value, known });
    case 'mac':
      return say('mac_already_known', { mac: value, known }, `mac_${row.macs.indexOf(value) + 1}`);
    case 'address':
      return say('address_already_taken', { address: value, known });
    case 'bmc':
      return say('conflicting_value', { constraint: `${known} has the BMC ${value}` });
    case 'unit': {
      const rack = racks.find(({ id }) => id === after.rackId)?.name ?? '';
      return say('rack_position_occupied', { u: value, face: after.face, rack, occupant: known });
    }
  }
}

/** Claim → the name of the server on file that has it, of those that the file does not name. */
async function holders(sql: Sql, planned: readonly PlannedRow[]): Promise<Map<string, string>> {
  const after = planned.map((plan) => plan.after);
  const serials = after.map(({ serial }) => serial);
  const rows = await sql.query<Subject>(
    `select s.name, s.asset_tag as "assetTag", s.network_id as "networkId", host(s.address) as address, s.face::text as face,
            case when s.state <> 'retired' then s.rack_id end as "rackId", s.u_position as "uPosition", s.u_height as "uHeight",
            coalesce((select jsonb_agg(jsonb_build_object('mac', i.mac)) from nics i where i.server_id = s.id), '[]') as nics,
            case when b.server_id is not null then
              jsonb_build_object('protocol', b.protocol, 'address', b.address, 'port', b.port) end as bmc
       from servers s left join server_bmcs b on b.server_id = s.id
      where (s.serial is null or s.serial <> all($1))
        and (s.name = any($2) or s.asset_tag = any($3) or s.id in (select server_id from nics where mac = any($4))
             or (s.network_id = any($5) and s.address = any($6::inet[])) or b.address = any($7) or s.rack_id = any($8))`,
    [
      serials,
      after.map(({ name }) => name),
      after.flatMap(({ assetTag }) => assetTag ?? []),
      after.flatMap(({ nics }) => nics.map(({ mac }) => mac)),
      [...new Set(after.flatMap(({ networkId }) => networkId ?? []))],
      after.flatMap(({ address }) => address ?? []),
      after.flatMap(({ bmc }) => bmc?.address ?? []),
      [...new Set(after.flatMap(({ rackId }) => rackId ?? []))],
    ],
  );
  const units = await unitsOfEnclosures(
    sql,
    after.flatMap(({ rackId }) => rackId ?? []),
  );
  return new Map([...units, ...rows.flatMap((row) => claimsOf(row, false).map(({ key }): [string, string] => [key, row.name]))]);
}

async function unitsOfEnclosures(sql: Sql, racks: string[]): Promise<[string, string][]> {
  const filled = await sql.query<{ name: string; rackId: string; face: string; first: number; end: number }>(
    `select 'enclosure ' || e.name as name, u.rack_id as "rackId", u.face::text as face, u.first_half as first, u.end_half as end
       from enclosures e join rack_units u on u.occupant_id = e.id where u.rack_id = any($1)`,
    [[...new Set(racks)]],
  );
  return filled.flatMap(({ name, rackId, face, first, end }) =>
    Array.from({ length: end - first }, (_, i): [string, string] => [unitKey(rackId, face, (first + i) / 2), name]),
  );
}
