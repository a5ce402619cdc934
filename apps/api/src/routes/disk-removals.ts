// /v1/servers/{ref}/disk-removals: disks that nobody can erase any more, with the word of whoever took them out.
import { newDiskRemoval, recordedDiskRemoval } from '@rackwright/api-contract/resources/disk-removal.ts';
import { z } from 'zod';
import type { Api, RouteContext } from './context.ts';
import { findServer } from './references.ts';
import { byRef, problems } from './schema.ts';

const tags = ['servers'];

export function diskRemovalRoutes(api: Api, { needs }: RouteContext): void {
  const { inventory, clock } = needs;

  api.get(
    '/v1/servers/:ref/disk-removals',
    {
      schema: {
        operationId: 'listDiskRemovals',
        tags,
        params: byRef,
        response: { 200: z.object({ items: z.array(recordedDiskRemoval) }), ...problems },
      },
    },
    async (request) => {
      const { id } = await findServer(inventory, request.params.ref);
      return { items: await inventory.diskRemovals.list(id) };
    },
  );

  api.post(
    '/v1/servers/:ref/disk-removals',
    {
      schema: {
        operationId: 'recordDiskRemoval',
        tags,
        description:
          'A named person’s word that a disk was taken out or destroyed: a release or retirement then needs no erasure of it, and its ' +
          'certificate says so. Forgotten when the disk is counted again. May be repeated; not written over.',
        params: byRef,
        body: newDiskRemoval,
        response: { 200: recordedDiskRemoval, ...problems },
      },
    },
    async (request) => {
      const { at, ...removal } = request.body;
      const { id } = await findServer(inventory, request.params.ref);
      const when = new Date(at === undefined ? clock.now() : Date.parse(at)).toISOString();
      return inventory.diskRemovals.record(id, { ...removal, at: when }, request.principal);
    },
  );
}
