// Runs a short program to its end; what it said on stderr is in the Fault when it failed.
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { Fault } from '@rackwright/domain/errors.ts';

const run = promisify(execFile);
const LIMIT_MS = 20_000;
const OUTPUT_BYTES = 1024 * 1024;

/** Its standard output. Fault `qemu_rack_failed`: not there, refused, or longer than 20 s. */
export async function runProgram(program: string, args: readonly string[]): Promise<string> {
  try {
    const { stdout } = await run(program, [...args], { timeout: LIMIT_MS, maxBuffer: OUTPUT_BYTES });
    return stdout;
  } catch (cause) {
    throw new Fault({ code: 'qemu_rack_failed', doing: `run ${program} ${args.join(' ')}`, retry: 'never', cause });
  }
}
