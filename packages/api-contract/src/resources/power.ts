// Who holds a server, and who draws from a rack's feeds: leases and power grants as people see them.
import { z } from 'zod';
import { idOf, instant, openEnum, reason } from '../fields.ts';
import { waitingFor } from './operation.ts';

const named = <K extends 'server' | 'rack'>(kind: K) => z.object({ id: idOf(kind), name: z.string() });

export const lease = z
  .object({
    kind: z.literal('lease'),
    server: named('server'),
    rack: named('rack').nullable(),
    siteId: idOf('site'),
    owner: z.object({
      operationId: idOf('operation')
        .nullable()
        .meta({ description: 'Null when no operation holds it: a run of a schedule, say.' }),
      type: z.string(),
      requestedBy: z.string(),
    }),
    reason: z.string().meta({ description: 'What the owner does with it.' }),
    since: instant,
    expiresAt: instant.meta({ description: 'Prolonged while its operation runs; after this anybody may take it.' }),
    waitingFor: waitingFor.nullable(),
  })
  .meta({ id: 'Lease', description: 'While it holds, only its owner may power the server or change what it boots.' });
export type LeaseView = z.infer<typeof lease>;

export const leaseFilter = {
  serverId: idOf('server').optional(),
  rackId: idOf('rack').optional(),
  siteId: idOf('site').optional(),
  waitingFor: z
    .string()
    .regex(/^[a-z_]{1,64}$/)
    .optional()
    .meta({ description: 'The code that its operation waits for, such as power_budget.' }),
};

export const powerOn = z.strictObject({ reason: reason.default('') }).meta({ id: 'PowerOn' });

const amps = z.number();
const circuit = z.object({
  type: openEnum(['feed', 'rack']),
  name: z.string(),
  volts: z.int(),
  budgetAmps: amps.meta({ description: 'What may be used: amperes times maximum utilisation, or the rack’s own budget.' }),
  share: z
    .number()
    .meta({ description: 'Which part of each server’s draw counts here; 1 where it must carry everything alone.' }),
  steadyAmps: amps.meta({ description: 'An estimate: what servers draw that run, by their models.' }),
  startingAmps: amps.meta({ description: 'Of servers that start, or were granted to.' }),
  freeAmps: amps,
});
const onCircuits = z.array(z.object({ circuit: z.string(), amps }));

export const rackPower = z
  .object({
    kind: z.literal('rack_power'),
    rack: named('rack'),
    at: instant,
    powerOnsAtOnce: z.int().nullable().meta({ description: 'Null: as many as the circuits carry.' }),
    circuits: z.array(circuit).meta({ description: 'Empty: nothing is known of its feeds.' }),
    servers: z.object({
      on: z.int(),
      off: z.int(),
      neverSeen: z.int().meta({ description: 'Counted as on where their state makes that likely.' }),
      drawAssumed: z.int().meta({ description: 'Whose hardware model says nothing of its draw.' }),
    }),
    grants: z.array(
      z.object({
        server: named('server'),
        operationId: idOf('operation').nullable(),
        amps: onCircuits,
        grantedAt: instant,
        usedAt: instant.nullable().meta({ description: 'When the order to power on was sent.' }),
        expiresAt: instant,
      }),
    ),
    waiting: z
      .array(
        z.object({
          server: named('server'),
          operationId: idOf('operation').nullable(),
          since: instant,
          why: openEnum(['inrush', 'load', 'never_fits', 'turn', 'at_once']),
          circuit: z.string().nullable(),
          askedAmps: amps,
          freeAmps: amps,
          nextFreeAt: instant.nullable(),
          unblockedBy: z.string(),
        }),
      )
      .meta({ description: 'In the order in which they are served.' }),
  })
  .meta({ id: 'RackPower' });
export type RackPowerView = z.infer<typeof rackPower>;
