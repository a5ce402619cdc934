// The stream of events over real HTTP: nothing missed, nothing doubled, resumed where it was left, ended in words.
import { randomBytes } from 'node:crypto';
import { connect } from 'node:net';
import { afterEach, expect, test, vi } from 'vitest';
import { type Json, useApi } from './api-server.ts';

const api = useApi({ maxStreams: 3, bookmarkMs: 150, heartbeatMs: 50 });
const { call } = api;
const open: AbortController[] = [];

afterEach(() => {
  for (const stream of open.splice(0)) stream.abort();
});

type Message = { id?: string; event?: string; data?: Json };
type Stream = { status: number; text(): string; messages(): Message[]; ended(): boolean; close(): void };

async function watch(path = '/v1/events', headers: Record<string, string> = {}): Promise<Stream> {
  const stop = new AbortController();
  open.push(stop);
  const response = await fetch(api.url + path, { headers, signal: stop.signal });
  let text = '';
  let ended = false;
  const reading = (async () => {
    for await (const chunk of response.body ?? []) text += Buffer.from(chunk).toString('utf8');
  })();
  reading.catch(() => {}).finally(() => (ended = true));
  return {
    status: response.status,
    text: () => text,
    messages: () => parse(text),
    ended: () => ended,
    close: () => stop.abort(),
  };
}

function parse(text: string): Message[] {
  return text
    .split('\n\n')
    .slice(0, -1)
    .map((block) =>
      Object.fromEntries(
        block
          .split('\n')
          .filter((line) => !line.startsWith(':'))
          .map((line) => line.split(/: (.*)/s).slice(0, 2)),
      ),
    )
    .map((message) => ({ ...message, ...(message['data'] === undefined ? {} : { data: JSON.parse(message['data']) }) }))
    .filter((message) => 'event' in message);
}

const eventually = (check: () => void | Promise<void>) => vi.waitFor(check, { timeout: 45_000, interval: 10 });
const byText = (a: string, b: string) => (a < b ? -1 : 1);
const named = (stream: Stream, event: string) => stream.messages().filter((message) => message.event === event);
const newSite = async () => (await call('POST', '/v1/sites', { name: `E-${randomBytes(4).toString('hex')}` })).body.id as string;
const subjects = (stream: Stream) => named(stream, 'site.created').map((message) => message.data.subject.id);

test('tells what happens from now on, with ids to resume from', async () => {
  await newSite();
  const stream = await watch();
  await eventually(() => expect(named(stream, 'bookmark').length).toBeGreaterThan(0));
  const made = await newSite();
  await eventually(() => expect(subjects(stream)).toEqual([made]));
  expect(stream.text()).toMatch(/^retry: 2000\n\n/);
  const [message] = named(stream, 'site.created');
  expect(message?.id).toMatch(/^e.+-\d+$/);
  expect(message?.data).toMatchObject({ id: message?.id, kind: 'site.created', subject: { kind: 'site', id: made }, version: 1 });
});

test('goes on after the last event that was read, and after the cursor of a list', async () => {
  const cursor = (await call('GET', '/v1/sites')).body.eventCursor;
  const made = [await newSite(), await newSite(), await newSite()];
  const first = await watch(`/v1/events?since=${cursor}&kinds=site`);
  await eventually(() => expect(subjects(first)).toEqual(made));
  const last = named(first, 'site.created')[1]?.id ?? '';
  first.close();
  // The header, which the browser sends when it comes back, wins over the cursor in the address.
  const second = await watch(`/v1/events?since=${cursor}`, { 'last-event-id': last });
  await eventually(() => expect(subjects(second)).toEqual(made.slice(2)));
});

test('misses nothing and doubles nothing while many write', async () => {
  const stream = await watch('/v1/events?kinds=site.created');
  await eventually(() => expect(named(stream, 'bookmark').length).toBeGreaterThan(0));
  const made = (await Promise.all(Array.from({ length: 60 }, () => newSite()))).toSorted(byText);
  await eventually(() => expect(subjects(stream).toSorted(byText)).toEqual(made));
  const seqs = named(stream, 'site.created').map((message) => Number(message.id?.split('-').at(-1)));
  expect(seqs).toEqual([...seqs].toSorted((a, b) => a - b));
});

test('says that it lives, and where it is though nothing matches', async () => {
  const stream = await watch('/v1/events?kinds=cluster');
  await newSite();
  await eventually(() => expect(stream.text()).toContain(': still here'));
  await eventually(() => expect(new Set(named(stream, 'bookmark').map((message) => message.id)).size).toBeGreaterThan(1));
  expect(named(stream, 'site.created')).toEqual([]);
});

test('starts over, in words, when the cursor is of no use: an event and the end for browsers, 410 for programs', async () => {
  const cursor = (await call('GET', '/v1/sites')).body.eventCursor as string;
  const foreign = cursor.replace(/^e/, 'e0');
  const browser = await watch(`/v1/events?since=${foreign}`);
  await eventually(() => expect(browser.ended()).toBe(true));
  expect(browser.messages()).toEqual([{ id: expect.stringMatching(/^e/), event: 'reset', data: {} }]);
  const program = await call('GET', `/v1/events?since=${foreign}`, undefined, { accept: 'application/x-ndjson' });
  expect(program).toMatchObject({ status: 410, body: { code: 'event_cursor_expired' } });
  expect(await call('GET', '/v1/events?since=yesterday')).toMatchObject({ status: 400, body: { code: 'invalid_request' } });

  await newSite();
  await api.sql('update event_sequence set pruned = last_seq');
  const late = await watch(`/v1/events?since=${cursor}`);
  await eventually(() => expect(late.ended()).toBe(true));
  expect(late.messages()[0]?.event).toBe('reset');
  await api.sql('update event_sequence set pruned = 0');
});

test('comes as lines of JSON for programs', async () => {
  const stream = await watch('/v1/events', { accept: 'application/x-ndjson' });
  await eventually(() => expect(stream.text()).toContain('"kind":"bookmark"'));
  const made = await newSite();
  await eventually(() => expect(stream.text()).toContain(made));
  const lines = stream
    .text()
    .split('\n')
    .filter((line) => line !== '')
    .slice(0, -1);
  for (const line of lines) expect(JSON.parse(line)).toHaveProperty('id');
});

test('has a bound on how many may watch at once, and takes a place back', async () => {
  const streams = [await watch(), await watch(), await watch()];
  expect(await call('GET', '/v1/events')).toMatchObject({ status: 429, body: { code: 'too_many_streams', retryable: true } });
  streams[0]?.close();
  await eventually(async () => expect((await watch()).status).toBe(200));
});

test('keeps nothing back for a reader that does not read', async () => {
  const { hostname, port } = new URL(api.url);
  const cursor = (await call('GET', '/v1/sites')).body.eventCursor;
  const lazy = connect(Number(port), hostname);
  lazy.pause();
  lazy.write(`GET /v1/events?since=${cursor} HTTP/1.1\r\nHost: ${hostname}:${port}\r\n\r\n`);
  const payload = JSON.stringify({ filler: 'x'.repeat(20_000) });
  await api.sql(
    `with taken as (update event_sequence set last_seq = last_seq + 1500 returning last_seq - 1500 as before)
     insert into events (seq, kind, subject_kind, subject_id, payload) select before + n, 'site.updated', 'site', 'x', $1::jsonb from taken, generate_series(1, 1500) n`,
    [payload],
  );
  await api.sql(`select pg_notify('rackwright_events', '')`);
  // 30 MB wait for a reader whose sockets hold a few: the others are served, and it gets all of them when it reads.
  const other = await watch();
  const made = await newSite();
  await eventually(() => expect(subjects(other)).toEqual([made]));
  let seen = 0;
  lazy.on('data', (chunk) => (seen += chunk.toString('latin1').split('event: site.updated').length - 1));
  lazy.resume();
  await eventually(() => expect(seen).toBeGreaterThan(1_490));
  lazy.destroy();
});
