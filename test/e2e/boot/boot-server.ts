// Starts boot-server-process.ts where a test wants it, and talks with it.
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { BootServerOrder } from './boot-server-process.ts';

export interface BootServerProcess {
  /** Ends when the server serves by it. */
  order(order: BootServerOrder): Promise<void>;
  /** All it said so far. */
  readonly said: readonly Record<string, unknown>[];
  /** Waits for a line it says, past or to come. */
  saying(wanted: (line: Record<string, unknown>) => boolean, limitMs?: number): Promise<Record<string, unknown>>;
  close(): Promise<void>;
}

const PATIENCE_MS = 20_000;

/** Binds ports 67 and 4011 to a device, which Node cannot, and hands them on as 3 and 4: what systemd does with BindToDevice=. */
export function boundToDevice(device: string): string[] {
  const launcher = `
import os, socket, sys
kept = []
for fd, port in ((3, 67), (4, 4011)):
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    kept.append(s)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, b'${device}')
    s.bind(('0.0.0.0', port))
    os.dup2(s.fileno(), fd) if s.fileno() != fd else os.set_inheritable(fd, True)
os.execvp(sys.argv[1], sys.argv[1:])`;
  return ['python3', '-c', launcher];
}

export function startBootServer(inside: readonly string[]): BootServerProcess {
  const [program, ...args] = [...inside, process.execPath, join(import.meta.dirname, 'boot-server-process.ts')];
  const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  const said: Record<string, unknown>[] = [];
  const listeners = new Set<() => void>();
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  createInterface({ input: child.stdout }).on('line', (line) => {
    said.push(JSON.parse(line) as Record<string, unknown>);
    for (const listener of listeners) listener();
  });

  function saying(
    wanted: (line: Record<string, unknown>) => boolean,
    limitMs = PATIENCE_MS,
    from = 0,
  ): Promise<Record<string, unknown>> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(
        () => stop(() => reject(new Error(`not said within ${limitMs} ms; said: ${JSON.stringify(said)}`))),
        limitMs,
      );
      const stop = (then: () => void) => {
        clearTimeout(timer);
        listeners.delete(look);
        then();
      };
      const look = () => {
        const found = said.slice(from).find(wanted);
        if (found) stop(() => resolve(found));
      };
      listeners.add(look);
      look();
    });
  }

  return {
    async order(order) {
      const from = said.length;
      child.stdin.write(`${JSON.stringify(order)}\n`);
      await saying((line) => line['ready'] === true, PATIENCE_MS, from);
    },
    said,
    saying: (wanted, limitMs) => saying(wanted, limitMs),
    async close() {
      child.stdin.end();
      await ended;
    },
  };
}
