// A small iPXE: runs the scripts that the boot app writes, with iPXE's own rules for failing (a command that fails ends the script).
import { expandSettings } from './ipxe-settings.ts';

export type IpxeOutcome =
  | { kind: 'kernel'; commandLine: string }
  /** Left with this status; UEFI goes on to its next boot entry when it is not 0, else into its menu. */
  | { kind: 'exit'; status: number }
  | { kind: 'disk' }
  | { kind: 'reboot' }
  | { kind: 'poweroff' }
  | { kind: 'failed'; why: string };

/** The machine below, as iPXE sees it. */
export type IpxeHost = {
  settings: Map<string, string>;
  /** A script's text, undefined when it cannot be had. */
  fetchScript(url: string): Promise<string | undefined>;
  /** Looks at a kernel or ramdisk without keeping it; false when it cannot be had. */
  fetchImage(url: string): Promise<boolean>;
  dhcp(): Promise<boolean>;
  sleep(seconds: number): Promise<void>;
  say(text: string): void;
};

/** Scripts chained inside scripts; iPXE runs out of stack about here. */
const DEEPEST = 8;
const MOST_STEPS = 100_000;

type Running = { host: IpxeHost; kernel: string | undefined; steps: number };
/** What a command does to its script: goes on, jumps, is replaced, or ends everything. */
type Effect = { ok: boolean } | { jump: string } | { replaceBy: string } | { end: IpxeOutcome };

export function runIpxe(text: string, host: IpxeHost): Promise<IpxeOutcome> {
  return runScript(text, { host, kernel: undefined, steps: 0 }, 0);
}

async function runScript(first: string, running: Running, depth: number): Promise<IpxeOutcome> {
  if (depth > DEEPEST) return failed('scripts chained too deep');
  let lines = linesOf(first);
  if (!lines) return failed('not a script: it does not begin with #!ipxe');
  for (let at = 0; at < lines.length; at++) {
    running.steps += 1;
    if (running.steps > MOST_STEPS) return failed('the script runs in circles');
    const line = lines[at] ?? '';
    if (line === '' || line.startsWith('#') || line.startsWith(':')) continue;
    const effect = await runLine(line, running, depth);
    if ('end' in effect) return effect.end;
    if ('replaceBy' in effect) {
      const next = linesOf(effect.replaceBy);
      if (!next) return failed('the chained file is no script');
      lines = next;
      at = -1;
    } else if ('jump' in effect) {
      const target = lines.indexOf(`:${effect.jump}`);
      if (target < 0) return failed(`no label ${effect.jump}`);
      at = target;
    } else if (!effect.ok) return failed(line);
  }
  return { kind: 'exit', status: 0 };
}

/** `a || b && c`, from left to right. */
async function runLine(line: string, running: Running, depth: number): Promise<Effect> {
  let effect: Effect = { ok: true };
  let joint = '&&';
  for (const part of line.split(/\s+(\|\||&&)\s+/)) {
    if (part === '||' || part === '&&') {
      joint = part;
      continue;
    }
    if (!('ok' in effect)) return effect;
    if (effect.ok === (joint === '&&')) effect = await runCommand(part, running, depth);
  }
  return effect;
}

async function runCommand(command: string, running: Running, depth: number): Promise<Effect> {
  const { host } = running;
  const [name = '', ...words] = expandSettings(command, host.settings).trim().split(/\s+/);
  const positional = words.filter((word, at) => !word.startsWith('--') && words[at - 1] !== '--name');
  const [first = '', second] = positional;
  switch (name) {
    case 'echo':
      host.say(words.join(' '));
      return { ok: true };
    case 'set':
      host.settings.set(first, positional.slice(1).join(' '));
      return { ok: true };
    case 'isset':
      return { ok: first !== '' };
    case 'iseq':
      return { ok: first === second };
    case 'imgfree':
      running.kernel = undefined;
      return { ok: true };
    case 'goto':
      return { jump: first };
    case 'sleep':
      await host.sleep(Number(first) || 0);
      return { ok: true };
    case 'dhcp':
      return { ok: await host.dhcp() };
    case 'kernel':
      running.kernel = (await host.fetchImage(first)) ? positional.slice(1).join(' ') : undefined;
      return { ok: running.kernel !== undefined };
    case 'initrd':
      return { ok: await host.fetchImage(first) };
    case 'boot':
      return running.kernel === undefined ? { ok: false } : { end: { kind: 'kernel', commandLine: running.kernel } };
    case 'chain':
      return chain(first, words.includes('--replace'), running, depth);
    case 'sanboot':
      return { end: { kind: 'disk' } };
    case 'exit':
      return { end: { kind: 'exit', status: Number(first) || 0 } };
    case 'reboot':
    case 'poweroff':
      return { end: { kind: name } };
    default:
      return { ok: false };
  }
}

async function chain(url: string, replaces: boolean, running: Running, depth: number): Promise<Effect> {
  const text = await running.host.fetchScript(url);
  if (text === undefined) return { ok: false };
  if (replaces) return { replaceBy: text };
  const outcome = await runScript(text, running, depth + 1);
  if (outcome.kind === 'failed') return { ok: false };
  return outcome.kind === 'exit' ? { ok: outcome.status === 0 } : { end: outcome };
}

function linesOf(text: string): string[] | undefined {
  const lines = text.split('\n').map((line) => line.trim());
  return lines[0] === '#!ipxe' ? lines : undefined;
}

function failed(why: string): IpxeOutcome {
  return { kind: 'failed', why };
}
