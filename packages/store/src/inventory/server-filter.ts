// The conditions of a list of servers, as SQL with every value a parameter.

/** One condition; several are all to hold. `in` with one value is equality; `glob` knows `*` only. */
export type Condition = { field: string; negate: boolean } & ({ op: 'in'; values: string[] } | { op: 'glob'; pattern: string });

export type ServerListFilter = {
  /** Fields: state, name, serial, assetTag, site, rack, room, row, network, cluster (names), label.<key>. */
  conditions: Condition[];
  /** Searched for in name, serial, asset tag, MAC, address and BMC address. */
  search?: string | undefined;
};

/** Aliases are those of SELECT_SERVER. */
const FIELDS: Record<string, string> = {
  state: 's.state::text',
  name: 's.name',
  serial: 's.serial',
  assetTag: 's.asset_tag',
  site: 'si.name',
  rack: 'r.name',
  room: 'r.room',
  row: 'r.row_name',
  network: 'n.name',
  cluster: 'c.name',
};

/** @returns SQL that begins with ` and`, for behind a `where`; pushes its parameters. Throws on a field that there is not. */
export function serverConditions({ conditions, search }: ServerListFilter, values: unknown[]): string {
  const parameter = (value: unknown) => `$${values.push(value)}`;
  const parts = conditions.map((condition) => {
    // What is not there is unlike every value.
    const field = `coalesce(${fieldOf(condition.field, parameter)}, '')`;
    const holds =
      condition.op === 'in'
        ? `${field} = any(${parameter(condition.values)})`
        : `${field} like ${parameter(likeOf(condition.pattern))}`;
    return condition.negate ? `not (${holds})` : holds;
  });
  if (search !== undefined && search !== '') parts.push(searchFor(search, parameter));
  return parts.map((part) => ` and ${part}`).join('');
}

function fieldOf(name: string, parameter: (value: unknown) => string): string {
  if (name.startsWith('label.')) return `s.labels->>${parameter(name.slice('label.'.length))}::text`;
  const field = FIELDS[name];
  if (field === undefined) throw new Error(`servers cannot be filtered by ${name}`);
  return field;
}

function searchFor(search: string, parameter: (value: unknown) => string): string {
  const text = parameter(`%${escapeLike(search.trim())}%`);
  const mac = parameter(`%${escapeLike(search.trim().toLowerCase().replaceAll('-', ':'))}%`);
  return `(s.name ilike ${text} or s.serial ilike ${text} or s.asset_tag ilike ${text} or host(s.address) like ${text}
    or b.address ilike ${text} or exists (select from nics i where i.server_id = s.id and i.mac like ${mac}))`;
}

const escapeLike = (text: string) => text.replace(/[\\%_]/g, '\\$&');
const likeOf = (pattern: string) => escapeLike(pattern).replaceAll('*', '%');
