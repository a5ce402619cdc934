// What the fleet sweep last saw of a server's BMC, and what keeps it from looking again.
import { z } from 'zod';
import { idOf, instant, openEnum } from '../fields.ts';

const circuit = z.object({
  state: openEnum(['closed', 'open', 'refused']).meta({
    description: 'open: it was silent three times and is asked again at retryAt. refused: it did not take our credentials.',
  }),
  failures: z.int().meta({ description: 'Looks in a row without an answer.' }),
  retryAt: instant.nullable(),
  closedBy: openEnum(['its_next_answer', 'new_credentials_or_address'])
    .nullable()
    .meta({ description: 'What must happen before it is asked as usual; null while closed.' }),
});

export const bmcReading = z
  .object({
    kind: z.literal('bmc_reading'),
    serverId: idOf('server'),
    serverName: z.string(),
    tier: openEnum(['serving', 'working', 'idle', 'none']).meta({
      description: 'How often it is looked at: every minute, every minute, every five minutes, not at all.',
    }),
    power: openEnum(['on', 'off', 'powering_on', 'powering_off', 'unknown'])
      .nullable()
      .meta({ description: 'As last seen; null: never.' }),
    health: openEnum(['ok', 'warning', 'critical', 'unknown'])
      .nullable()
      .meta({ description: "The BMC's own summary of its parts." }),
    seenAt: instant.nullable().meta({ description: 'How old power and health are.' }),
    unreachableSince: instant.nullable(),
    circuit,
    lastError: z.object({ code: z.string(), at: instant }).nullable(),
    nextLookAt: instant.nullable(),
    logReadAt: instant.nullable(),
    notable: z
      .array(
        z.object({
          id: z.string(),
          at: instant.nullable().meta({ description: "By the BMC's clock." }),
          severity: openEnum(['warning', 'critical']),
          message: z.string(),
          historic: z.boolean().meta({ description: 'It was there when the log was first read.' }),
          seenAt: instant,
        }),
      )
      .meta({ description: 'Entries of its event log that are not ok, newest first.' }),
  })
  .meta({ id: 'BmcReading' });
export type BmcReadingView = z.infer<typeof bmcReading>;
