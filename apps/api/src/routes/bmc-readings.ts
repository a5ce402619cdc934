// /v1/bmc-readings and /v1/servers/{ref}/bmc-reading: what the fleet sweep last saw of BMCs.
import { pageOf, pageQuery } from '@rackwright/api-contract/paging.ts';
import { bmcReading, type BmcReadingView } from '@rackwright/api-contract/resources/bmc-reading.ts';
import { whatCloses } from '@rackwright/domain/bmc-sweep/reading.ts';
import { z } from 'zod';
import type { BmcReadingRecord } from '../records.ts';
import type { Api, RouteContext } from './context.ts';
import { answerPage } from './lists.ts';
import { findServer } from './references.ts';
import { byRef, problems } from './schema.ts';

const listQuery = z.strictObject({
  ...pageQuery,
  circuit: z.enum(['closed', 'open', 'refused']).optional(),
  power: z.enum(['on', 'off', 'powering_on', 'powering_off', 'unknown']).optional(),
  health: z.enum(['ok', 'warning', 'critical', 'unknown']).optional(),
});
const tags = ['servers'];

export function bmcReadingRoutes(api: Api, context: RouteContext): void {
  const { inventory } = context.needs;

  api.get(
    '/v1/bmc-readings',
    {
      schema: {
        operationId: 'listBmcReadings',
        tags,
        description:
          'By server name. `circuit=open`: the BMCs that do not answer; `circuit=refused`: those that want other credentials.',
        querystring: listQuery,
        response: { 200: pageOf(bmcReading), ...problems },
      },
    },
    ({ query: { limit, pageToken, ...filter } }) =>
      answerPage(
        context,
        { limit, pageToken },
        { of: 'bmcReadings', ...filter },
        (page) => inventory.bmcReadings.list(page, filter),
        view,
      ),
  );

  api.get(
    '/v1/servers/:ref/bmc-reading',
    { schema: { operationId: 'getServerBmcReading', tags, params: byRef, response: { 200: bmcReading, ...problems } } },
    async (request) => {
      const { id } = await findServer(inventory, request.params.ref);
      return view(await inventory.bmcReadings.get(id));
    },
  );
}

function view({ reading, ...rest }: BmcReadingRecord): BmcReadingView {
  const { power, health, circuit, lastError } = reading;
  return {
    kind: 'bmc_reading',
    ...rest,
    power,
    health,
    seenAt: instantOf(reading.seenAt),
    unreachableSince: instantOf(reading.unreachableSince),
    circuit: {
      state: circuit.state,
      failures: circuit.failures,
      retryAt: instantOf(circuit.retryAt),
      closedBy: whatCloses(circuit),
    },
    lastError: lastError && { code: lastError.code, at: new Date(lastError.at).toISOString() },
  };
}

const instantOf = (ms: number | null): string | null => (ms === null ? null : new Date(ms).toISOString());
