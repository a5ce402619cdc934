// POST /v1/imports/servers: a CSV file of servers, planned or written, with every wrong cell named.
import { readServerRows } from '@rackwright/api-contract/imports/read-server-rows.ts';
import { serverImport, type ServerImportView } from '@rackwright/api-contract/resources/server-import.ts';
import { Refusal } from '@rackwright/domain/errors.ts';
import { z } from 'zod';
import type { ServerImport } from '../records.ts';
import type { Api, RouteContext } from './context.ts';
import { problems } from './schema.ts';

export const CSV = 'text/csv';

const MOST_BYTES = 10_000_000;
const MOST_ERRORS = 1_000;
const query = z.strictObject({
  dryRun: z.enum(['true', 'false']).default('false').meta({ description: 'true: says what would happen, writes nothing.' }),
  onError: z
    .enum(['refuse', 'skip'])
    .default('refuse')
    .meta({ description: 'refuse: one wrong row and nothing is written. skip: the good rows are written.' }),
});

export function serverImportRoutes(api: Api, { needs }: RouteContext): void {
  api.addContentTypeParser(CSV, { parseAs: 'buffer' }, (_request, body, done) => done(null, body));

  api.post(
    '/v1/imports/servers',
    {
      bodyLimit: MOST_BYTES,
      schema: {
        operationId: 'importServers',
        tags: ['servers'],
        description:
          'CSV (RFC 4180) in UTF-8, at most 10,000 rows and 10 MB, known by their serial: the same file twice changes nothing. Columns: ' +
          'serial, name, asset_tag, site, rack, u_position, u_height, face, firmware_mode, network, address, mac_1 to mac_64, boot_mac, ' +
          'bmc_protocol, bmc_address, bmc_port, bmc_username, bmc_password, label.<key>. A column that is missing and a cell that is ' +
          'empty say nothing: what is on file stays. Sites, racks and networks are named; MACs that are told are all of them.',
        consumes: [CSV],
        querystring: query,
        response: {
          200: serverImport,
          422: serverImport.meta({ description: 'Rows are wrong and onError is refuse: nothing was written.' }),
          ...problems,
        },
      },
    },
    async (request, reply) => {
      const dryRun = request.query.dryRun === 'true';
      const skip = request.query.onError === 'skip';
      const read = readServerRows(textOf(request.body));
      if (!read.ok) {
        const { row, column, message } = read.fault;
        throw new Refusal('invalid_csv', { row, column, problem: message });
      }
      const mode = dryRun ? 'plan' : skip ? 'good_rows' : 'all_or_nothing';
      const done = await needs.inventory.servers.import(read.rows, read.errors, mode);
      const refused = !dryRun && !done.applied;
      return reply.code(refused ? 422 : 200).send(view(done, dryRun, read.total));
    },
  );
}

/** Refused rather than guessed: a wrong encoding shows as wrong names later. */
function textOf(body: unknown): string {
  if (!(body instanceof Uint8Array)) throw new Refusal('unsupported_media_type', { expected: CSV });
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(body);
  } catch {
    throw new Refusal('invalid_csv', { row: 1, column: 1, problem: 'the file is not UTF-8' });
  }
}

function view({ applied, created, updated, unchanged, errors }: ServerImport, dryRun: boolean, rows: number): ServerImportView {
  const counts = {
    rows,
    created: created.length,
    updated: updated.length,
    unchanged: unchanged.length,
    failed: new Set(errors.map(({ row }) => row)).size,
  };
  return { kind: 'server_import', dryRun, applied, counts, created, updated, unchanged, errors: errors.slice(0, MOST_ERRORS) };
}
