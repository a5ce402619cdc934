// One open stream of events, as server-sent events or as lines of JSON. It keeps nothing back: while the reader's socket is full
// nothing more is read, and a reader that takes nothing for half a minute is let go.
import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { sayCursor } from '@rackwright/api-contract/resources/event.ts';
import { seconds } from '@rackwright/domain/durations.ts';
import type { EventRecord } from '../needs.ts';
import { viewEvent } from '../views/event.ts';
import type { EventFeed } from './feed.ts';

export type StreamFormat = 'sse' | 'ndjson';
export type StreamOptions = {
  format: StreamFormat;
  from: number;
  epoch: string;
  wants: (event: EventRecord) => boolean;
  bookmarkMs: number;
  heartbeatMs: number;
  /** The server closes. */
  closing: AbortSignal;
};

const BATCH = 200;
const PATIENCE_MS = seconds(30);

/** Runs until the reader goes, the server closes, or the reader has fallen behind what is kept. */
export async function streamEvents(response: ServerResponse, feed: EventFeed, options: StreamOptions): Promise<void> {
  const { format, epoch, bookmarkMs, heartbeatMs } = options;
  const gone = new AbortController();
  const end = (): void => gone.abort();
  response.on('close', end).on('error', end);
  options.closing.addEventListener('abort', end);
  const write = (text: string): Promise<void> => writeOrLeave(response, text, gone);

  let seq = options.from;
  let bookmarkAt = 0;
  if (format === 'sse') await write('retry: 2000\n\n');
  while (!gone.signal.aborted) {
    const events = await feed.after(seq, BATCH);
    const first = events[0];
    // A hole means that events were forgotten before this reader came to them.
    if (first !== undefined && first.seq > seq + 1 && !(await feed.canResume({ epoch, seq }))) {
      await write(say(format, 'reset', sayCursor({ epoch, seq: feed.position().seq }), { kind: 'reset' }));
      break;
    }
    for (const event of events) {
      seq = event.seq;
      if (!options.wants(event)) continue;
      const view = viewEvent(event, epoch);
      await write(say(format, view.kind, view.id, view));
      if (gone.signal.aborted) break;
    }
    if (events.length === BATCH) continue;
    if (Date.now() >= bookmarkAt) {
      const id = sayCursor({ epoch, seq });
      await write(say(format, 'bookmark', id, format === 'sse' ? {} : { kind: 'bookmark', id }));
      bookmarkAt = Date.now() + bookmarkMs;
    } else if (events.length === 0) {
      await write(format === 'sse' ? ': still here\n\n' : '\n');
    }
    await feed.newerThan(seq, heartbeatMs, gone.signal);
  }
  options.closing.removeEventListener('abort', end);
  response.end();
}

function say(format: StreamFormat, kind: string, id: string, value: unknown): string {
  const json = JSON.stringify(value);
  return format === 'sse' ? `id: ${id}\nevent: ${kind}\ndata: ${json}\n\n` : `${json}\n`;
}

async function writeOrLeave(response: ServerResponse, text: string, gone: AbortController): Promise<void> {
  if (gone.signal.aborted || response.write(text)) return;
  const patience = AbortSignal.any([gone.signal, AbortSignal.timeout(PATIENCE_MS)]);
  try {
    await once(response, 'drain', { signal: patience });
  } catch {
    gone.abort();
    response.destroy();
  }
}
