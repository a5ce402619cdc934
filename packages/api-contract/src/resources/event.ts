// An event: a thin word that something changed, in the order in which it was committed.
import { z } from 'zod';
import { idOf, instant } from '../fields.ts';

export const event = z
  .object({
    id: z.string().meta({ description: 'e<epoch>-<number>; pass it as Last-Event-ID or since.', examples: ['e7-48213'] }),
    at: instant,
    kind: z.string().meta({ examples: ['server.moved', 'operation.ended'] }),
    subject: z.object({ kind: z.string(), id: z.string() }),
    serverId: idOf('server').nullable(),
    operationId: idOf('operation').nullable(),
    version: z.int().nullable(),
    payload: z.unknown(),
  })
  .meta({ id: 'Event' });
export type EventView = z.infer<typeof event>;

/** The position in the stream of events. The epoch changes when the database is made anew or restored. */
export type EventCursor = { epoch: string; seq: number };

export const sayCursor = ({ epoch, seq }: EventCursor): string => `e${epoch}-${seq}`;

export function readCursor(text: string): EventCursor | undefined {
  const match = /^e([0-9A-Za-z_-]{1,64})-(\d{1,16})$/.exec(text);
  return match ? { epoch: match[1] ?? '', seq: Number(match[2]) } : undefined;
}
