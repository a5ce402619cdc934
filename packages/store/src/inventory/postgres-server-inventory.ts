// Servers as the API puts them on file, finds, changes and moves them.
import type { CellError, ServerRow } from '@rackwright/api-contract/imports/read-server-rows.ts';
import type { DiskProof } from '@rackwright/domain/erasure.ts';
import { Refusal } from '@rackwright/domain/errors.ts';
import type { OperationId, ServerId } from '@rackwright/domain/ids.ts';
import { importServers, type ImportMode, type ServerImport } from '../imports/import-servers.ts';
import type { Keyring } from '../secrets/keyring.ts';
import { changeServer } from '../servers/change-server.ts';
import { insertServers, type NamedServer, type NewServer } from '../servers/insert-servers.ts';
import { type Expected, lockServer, moveServer, refuseOtherVersion, type WhoMoves } from '../servers/move-server.ts';
import { readServer, SELECT_SERVER, type ServerRecord, serverOf } from '../servers/read-server.ts';
import { serverRefusals } from '../servers/server-refusals.ts';
import { closeOrdersOfRetired } from '../work-orders/follow-operation.ts';
import { refusing, refusingWhileInUse } from './constraint-refusals.ts';
import { type ServerWithConditions, withConditions } from './server-conditions.ts';
import { postgresServerHardware } from './server-hardware.ts';
import { serverConditions, type ServerListFilter } from './server-filter.ts';
import { type Page, type PageRequest, pageOf, type Work } from './work.ts';

export type RecordedErasure = DiskProof & {
  operationId: OperationId;
  recordedAt: string;
  /** Of its certificate; null when the evidence proves nothing. */
  digest: string | null;
};

export function postgresServerInventory(work: Work, keyring: Keyring) {
  const meanings = serverRefusals(work.read);
  const put = (servers: readonly NamedServer[]) =>
    refusing(meanings, () => work.write((tx) => insertServers(tx, keyring, servers)));

  const told = (server: ServerRecord) => withConditionsOf(work, server);

  return {
    ...postgresServerHardware(work),
    ...readingServers(work),

    async create(id: ServerId, input: NewServer): Promise<ServerWithConditions> {
      await put([{ ...input, id }]);
      return told(await readServer(work.read, id));
    },

    /** All or none, with a handful of statements however many they are. */
    createAll: put,

    import: (rows: readonly ServerRow[], earlier: readonly CellError[], mode: ImportMode): Promise<ServerImport> =>
      importServers(work, keyring, rows, earlier, mode),

    update: async (id: ServerId, expected: Expected, change: Partial<NewServer>): Promise<ServerWithConditions> =>
      told(await refusing(meanings, () => work.write((tx) => changeServer(tx, keyring, id, expected, change)))),

    /** For records that were a mistake; one that was worked on is retired instead (Refusal `still_in_use`). */
    delete: (id: ServerId, expected: Expected): Promise<void> =>
      refusingWhileInUse('server', () =>
        work.write(async (tx) => {
          const { version } = await lockServer(tx, id);
          refuseOtherVersion(version, expected);
          await tx.query('delete from servers where id = $1', [id]);
          tx.emit({ kind: 'server.deleted', subject: { kind: 'server', id }, serverId: id, version });
        }),
      ),

    move: async (
      id: ServerId,
      event: 'accept' | 'retire' | 'write_off' | 'recover',
      who: WhoMoves,
      expected: Expected = 'any',
    ): Promise<ServerWithConditions> =>
      told(
        await work.write(async (tx) => {
          const moved = await moveServer(tx, id, event, expected, who);
          if (moved.state === 'retired' && who.retiredAs) await closeOrdersOfRetired(tx, id, who.retiredAs, who.by);
          return moved;
        }),
      ),
  };
}

function readingServers(work: Work) {
  return {
    get: async (id: ServerId): Promise<ServerWithConditions> => withConditionsOf(work, await readServer(work.read, id)),

    async find(by: { name: string } | { serial: string }): Promise<ServerWithConditions> {
      const [column, value] = 'name' in by ? ['name', by.name] : ['serial', by.serial];
      const [row] = await work.read.query<object>(`${SELECT_SERVER} where s.${column} = $1`, [value]);
      if (!row) throw new Refusal('not_found', { kind: 'server', id: `${column}:${value}` });
      return withConditionsOf(work, serverOf(row));
    },

    /** In the order of their names. */
    async list({ limit, after }: PageRequest, filter: ServerListFilter): Promise<Page<ServerWithConditions>> {
      const values: unknown[] = [after ?? '', limit + 1];
      const conditions = serverConditions(filter, values);
      const rows = await work.read.query<object>(
        `${SELECT_SERVER} where s.name > $1${conditions} order by s.name limit $2`,
        values,
      );
      const page = pageOf(rows.map(serverOf), limit, (server) => server.name);
      return { ...page, items: await withConditions(work.read, page.items) };
    },

    async erasures(id: ServerId): Promise<RecordedErasure[]> {
      const rows = await work.read.query<Omit<RecordedErasure, keyof DiskProof> & { evidence: DiskProof }>(
        `select evidence, operation_id as "operationId", recorded_at as "recordedAt", digest from erasures
          where server_id = $1 order by recorded_at desc, disk_serial`,
        [id],
      );
      return rows.map(({ evidence, ...rest }) => ({ ...evidence, ...rest }));
    },
  };
}

async function withConditionsOf(work: Work, server: ServerRecord): Promise<ServerWithConditions> {
  const [known] = await withConditions(work.read, [server]);
  return known ?? { ...server, conditions: [] };
}
