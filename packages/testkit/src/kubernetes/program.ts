// One program of the control plane as a child process: its log in a file, its early death told, its end made sure of.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export type RunningProgram = {
  name: string;
  /** Why it ended, or undefined while it runs. */
  ended: () => string | undefined;
  stop: () => Promise<void>;
};

export type ProgramPlace = { dir: string; netns: string | undefined };

/** `setpriv --pdeathsig` has the kernel end it with us, even if we are killed. */
export function startProgram(place: ProgramPlace, name: string, path: string, args: string[]): RunningProgram {
  const logPath = join(place.dir, `${name}.log`);
  const log = openSync(logPath, 'a');
  const [program = '', ...rest] = inNetns(place.netns, ['setpriv', '--pdeathsig', 'KILL', path, ...args]);
  const child = spawn(program, rest, { stdio: ['ignore', log, log], cwd: place.dir });
  closeSync(log);
  let failure: Error | undefined;
  child.on('error', (cause) => (failure = cause));
  const isOver = () => failure !== undefined || child.exitCode !== null || child.signalCode !== null;

  return {
    name,
    ended() {
      if (!isOver()) return undefined;
      const how = failure?.message ?? child.signalCode ?? `exit ${child.exitCode}`;
      return `${name} ended (${how}); its last words:\n${readFileSync(logPath, 'utf8').slice(-2000)}`;
    },
    async stop() {
      if (isOver()) return;
      const over = once(child, 'exit');
      child.kill('SIGTERM');
      const kill = setTimeout(() => child.kill('SIGKILL'), 5_000);
      await over;
      clearTimeout(kill);
    },
  };
}

export function inNetns(netns: string | undefined, command: string[]): string[] {
  return netns === undefined ? command : ['ip', 'netns', 'exec', netns, ...command];
}
