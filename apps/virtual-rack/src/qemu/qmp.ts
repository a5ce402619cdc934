// QEMU's machine protocol (QMP): JSON lines over a Unix socket, answers by id, events in between.
import { connect, type Socket } from 'node:net';
import { Fault } from '@rackwright/domain/errors.ts';

export type QmpEvent = { event: string; data: Readonly<Record<string, unknown>> };

export type Qmp = {
  execute(command: string, args?: Readonly<Record<string, unknown>>): Promise<unknown>;
  /** Ends when QEMU closed the socket, with the events seen until then. */
  closed: Promise<readonly QmpEvent[]>;
  close(): void;
};

const ANSWER_LIMIT_MS = 10_000;
const MAX_LINE = 1024 * 1024;
const MAX_EVENTS = 1024;

type Waiting = { resolve: (value: unknown) => void; reject: (cause: unknown) => void; timer: NodeJS.Timeout };

/** Speaks to the QEMU that listens on `path`. Fault `qemu_unreachable` when it does not answer. */
export async function connectQmp(path: string): Promise<Qmp> {
  const socket = await open(path);
  const waiting = new Map<number, Waiting>();
  let events: QmpEvent[] = [];
  let lastId = 0;
  let rest = '';

  const unreachable = (doing: string, cause?: unknown) =>
    new Fault({ code: 'qemu_unreachable', doing: `${doing} (QMP ${path})`, retry: 'never', effect: 'maybe', cause });

  const settle = (message: Record<string, unknown>) => {
    if (typeof message['event'] === 'string') {
      const about = (message['data'] ?? {}) as Record<string, unknown>;
      events = [...events.slice(-(MAX_EVENTS - 1)), { event: message['event'], data: about }];
      return;
    }
    const id = Number(message['id']);
    const waiter = waiting.get(id);
    if (!waiter) return; // the greeting has no id
    waiting.delete(id);
    clearTimeout(waiter.timer);
    if ('error' in message) waiter.reject(unreachable('refused', JSON.stringify(message['error'])));
    else waiter.resolve(message['return']);
  };

  socket.setEncoding('utf8').on('data', (text: string) => {
    const lines = (rest + text).split('\n');
    rest = lines.pop() ?? '';
    if (rest.length > MAX_LINE) socket.destroy(new Error('a line longer than a mebibyte'));
    for (const line of lines) if (line.trim() !== '') settle(JSON.parse(line) as Record<string, unknown>);
  });
  socket.on('error', () => {}); // 'close' follows and settles everything
  const closed = new Promise<readonly QmpEvent[]>((resolve) => {
    socket.on('close', () => {
      for (const { reject, timer } of waiting.values()) {
        clearTimeout(timer);
        reject(unreachable('the machine ended'));
      }
      waiting.clear();
      resolve(events);
    });
  });

  const execute: Qmp['execute'] = (command, args = {}) =>
    new Promise((resolve, reject) => {
      if (socket.destroyed) return reject(unreachable(command));
      const id = ++lastId;
      const timer = setTimeout(() => {
        waiting.delete(id);
        reject(unreachable(`${command}: no answer`));
      }, ANSWER_LIMIT_MS);
      waiting.set(id, { resolve, reject, timer });
      socket.write(`${JSON.stringify({ execute: command, arguments: args, id })}\n`);
    });

  await execute('qmp_capabilities');
  return { execute, closed, close: () => socket.destroy() };
}

function open(path: string): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(path);
    socket.once('connect', () => {
      socket.removeAllListeners('error');
      resolve(socket);
    });
    socket.once('error', (cause) =>
      reject(new Fault({ code: 'qemu_unreachable', doing: `connect to ${path}`, retry: 'soon', cause })),
    );
  });
}
