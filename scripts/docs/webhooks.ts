// Writes the last chapter of docs/webhooks.md, the kinds of events, from the table that the outbox takes them from.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { EVENT_KINDS } from '@rackwright/domain/event-kinds.ts';

const HEADING = '## Kinds of events';
const DOCUMENT = join(import.meta.dirname, '../../docs/webhooks.md');

/** What stands before the chapter is written by hand and kept. */
export function webhooksDocument(): string {
  const [byHand = ''] = readFileSync(DOCUMENT, 'utf8').split(HEADING);
  const rows = Object.entries(EVENT_KINDS).map(([kind, when]) => `| \`${kind}\` | ${when} |`);
  return [
    byHand + HEADING,
    '',
    '<!-- Written by `npm run docs` from packages/domain/src/event-kinds.ts. Do not edit. -->',
    '',
    'A webhook names kinds, or a subject (`server`) for all of its kinds. `GET /v1/events` tells the same ones.',
    '',
    '| kind | told when |',
    '|---|---|',
    ...rows,
    '',
  ].join('\n');
}
