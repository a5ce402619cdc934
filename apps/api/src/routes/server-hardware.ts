// /v1/servers/{ref}/hardware: what it is made of, and the review of parts that were swapped.
import { toMac } from '@rackwright/api-contract/fields.ts';
import { acceptHardware, hardware } from '@rackwright/api-contract/resources/hardware.ts';
import type { Api, RouteContext } from './context.ts';
import { findServer } from './references.ts';
import { byRef, problems } from './schema.ts';

const tags = ['servers'];

export function serverHardwareRoutes(api: Api, { needs }: RouteContext): void {
  const { inventory } = needs;

  api.get(
    '/v1/servers/:ref/hardware',
    { schema: { operationId: 'getServerHardware', tags, params: byRef, response: { 200: hardware, ...problems } } },
    async (request) => {
      const { id } = await findServer(inventory, request.params.ref);
      return { kind: 'hardware' as const, ...(await inventory.servers.hardware(id)) };
    },
  );

  api.post(
    '/v1/servers/:ref/hardware/accept',
    {
      schema: {
        operationId: 'acceptServerHardware',
        tags,
        description:
          'The last count stands for the server from now on; it stays the same server. What reaches beyond the count must be named: a ' +
          'new serial, NICs on file that are gone, disks that left unerased. While the server is in use no disk may be gone.',
        params: byRef,
        body: acceptHardware,
        response: { 200: hardware, ...problems },
      },
    },
    async (request) => {
      const { ticketId, reason, serial, nics, lostDisks } = request.body;
      const { id } = await findServer(inventory, request.params.ref);
      const replaced = Object.entries(nics).map(([before, now]) => [toMac(before), now === null ? null : toMac(now)] as const);
      const named = { serial, nics: Object.fromEntries(replaced), lostDisks };
      const after = await inventory.servers.acceptHardware(id, { ticketId, named, by: request.principal, reason });
      return { kind: 'hardware' as const, ...after };
    },
  );
}
