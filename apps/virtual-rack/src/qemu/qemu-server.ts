// A server that is a QEMU process: the machine behind a simulated BMC's chassis. Every boot is a new process with the boot order it needs.
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, copyFileSync, existsSync, mkdirSync, openSync, rmSync, truncateSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { Fault } from '@rackwright/domain/errors.ts';
import type { ChassisBoot, ChassisMachine } from '../chassis.ts';
import { OVMF_VARIABLES, qemuArguments, type QemuSpec } from './qemu-arguments.ts';
import { connectQmp, type Qmp, type QmpEvent } from './qmp.ts';
import type { RackNetwork } from './rack-network.ts';
import { serialConsole } from './serial-console.ts';

/** What the machine does by itself, for the chassis to know. */
export type GuestActions = {
  /** It switched itself off. */
  stopped(): void;
  /** It rebooted itself: what shall it boot from? `started` follows. */
  rebooting(): ChassisBoot;
  started(): void;
};

export type QemuServer = ChassisMachine & {
  /** Whether a QEMU process runs. */
  running(): boolean;
  /** Everything the serial console said, over all boots. */
  serialLog(): Promise<string>;
  /** Ends when the console has said it. Fault `qemu_console_silent` after `limitMs`, with the console's last words. */
  waitForConsole(text: string | RegExp, limitMs: number): Promise<void>;
  /** Path of the Unix socket that is the serial console while the machine runs. */
  consoleSocket: string;
  /** Hard off. Never throws. */
  close(): Promise<void>;
};

type Running = { process: ChildProcess; qmp: Qmp; ended: Promise<void> };

const START_LIMIT_MS = 10_000;
const STOP_LIMIT_MS = 5_000;
// sockaddr_un holds 108 bytes; a longer path fails with a message that says nothing.
const MAX_SOCKET_PATH = 107;

/** `folder` keeps UEFI variables, console log and sockets; short, because of the sockets. Off until `onPowerOn`. */
export function qemuServer(spec: QemuSpec, at: { network: RackNetwork; folder: string }, guest: GuestActions): QemuServer {
  const folder = resolve(at.folder);
  const inFolder = (name: string) => join(folder, name);
  if (inFolder('qmp.sock').length > MAX_SOCKET_PATH) throw new RangeError(`too long a path for a socket: ${folder}`);
  mkdirSync(folder, { recursive: true });
  for (const disk of spec.disks) makeDisk(disk);

  const console = serialConsole(inFolder('serial.log'));
  let current: Running | undefined;
  // Set while we stop it, so that its end is not taken for the guest's own doing.
  let expected = false;

  const start = async (boot: ChassisBoot) => {
    if (boot.mode === 'uefi' && !existsSync(inFolder('uefi-variables.fd')))
      copyFileSync(OVMF_VARIABLES, inFolder('uefi-variables.fd'));
    for (const name of ['qmp.sock', 'sol.sock']) rmSync(inFolder(name), { force: true });
    const [program, ...args] = at.network.inside('qemu-system-x86_64', ...qemuArguments(spec, boot));
    const log = openSync(inFolder('qemu.log'), 'a');
    const process = spawn(program, args, { cwd: folder, stdio: ['ignore', log, log] });
    closeSync(log);
    const exited = new Promise<void>((done) => process.once('exit', () => done()).once('error', () => done()));
    const qmp = await reachQmp(process, folder);
    expected = false;
    const ended = Promise.all([exited, qmp.closed]).then(([, events]) => end(events));
    current = { process, qmp, ended };
  };

  const end = (events: readonly QmpEvent[]) => {
    current = undefined;
    if (expected) return;
    const reason = events.findLast(({ event }) => event === 'SHUTDOWN')?.data['reason'];
    if (reason !== 'guest-reset') return guest.stopped();
    start(guest.rebooting()).then(guest.started, guest.stopped);
  };

  const hardOff = async () => {
    if (!current) return;
    const { process, ended } = current;
    expected = true;
    process.kill('SIGTERM');
    const kill = setTimeout(() => process.kill('SIGKILL'), STOP_LIMIT_MS);
    await ended;
    clearTimeout(kill);
  };

  return {
    onPowerOn: start,
    async onPowerOff(how) {
      if (how === 'hard' || !current) return hardOff();
      const { qmp, ended } = current;
      await qmp.execute('system_powerdown');
      await ended;
    },
    async onReset(boot) {
      await hardOff();
      await start(boot);
    },
    running: () => current !== undefined,
    serialLog: console.said,
    waitForConsole: console.waitFor,
    consoleSocket: inFolder('sol.sock'),
    close: hardOff,
  };
}

function makeDisk({ path, sizeBytes }: { path: string; sizeBytes: number }): void {
  if (existsSync(path)) return;
  closeSync(openSync(path, 'w'));
  truncateSync(path, sizeBytes);
}

/** QEMU makes its socket within tens of milliseconds; when it ends before, its log says why. */
async function reachQmp(process: ChildProcess, folder: string): Promise<Qmp> {
  const end = Date.now() + START_LIMIT_MS;
  for (;;) {
    const qmp = await connectQmp(join(folder, 'qmp.sock')).catch(() => undefined);
    if (qmp) return qmp;
    if (process.exitCode !== null || process.pid === undefined || Date.now() > end) {
      process.kill('SIGKILL');
      const log = await readFile(join(folder, 'qemu.log'), 'utf8').catch(() => '');
      throw new Fault({ code: 'qemu_rack_failed', doing: `start QEMU: ${log.slice(-500)}`, retry: 'never' });
    }
    await pause(20);
  }
}
