// Runs an outside program to its end, with a limit on its time and its output.
import { spawn } from 'node:child_process';

export type ProgramResult = { code: number | null; stdout: string; stderr: string };

const MOST_OUTPUT = 1024 * 1024;

/** Never rejects because of the program's exit code: that is the caller's to judge. After `limitMs` it is killed and `code` is null. */
export function runProgram(
  command: readonly string[],
  { limitMs, input }: { limitMs: number; input?: string },
): Promise<ProgramResult> {
  const [program = '', ...args] = command;
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'pipe'] });
    let stdout = '';
    let stderr = '';
    const timer = setTimeout(() => child.kill('SIGKILL'), limitMs);
    child.stdout.on('data', (part) => {
      stdout = (stdout + part).slice(-MOST_OUTPUT);
    });
    child.stderr.on('data', (part) => {
      stderr = (stderr + part).slice(-MOST_OUTPUT);
    });
    child.stdin.on('error', () => undefined);
    child.stdin.end(input ?? '');
    child.once('error', (failure) => {
      clearTimeout(timer);
      reject(failure);
    });
    child.once('close', (code) => {
      clearTimeout(timer);
      resolve({ code, stdout, stderr });
    });
  });
}

/** The same, for what must succeed. */
export async function mustRun(command: readonly string[], limitMs = 10_000): Promise<string> {
  const { code, stdout, stderr } = await runProgram(command, { limitMs });
  if (code !== 0) throw new Error(`${command.join(' ')} ended with ${code}: ${stderr}${stdout}`);
  return stdout;
}
