// What a QEMU machine said on its serial console: QEMU appends it to a file, over all boots.
import { readFile } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';
import { Fault } from '@rackwright/domain/errors.ts';

export type SerialConsole = {
  said(): Promise<string>;
  /** Ends when it has said so. Fault `qemu_console_silent` after `limitMs`, with its last words. */
  waitFor(text: string | RegExp, limitMs: number): Promise<void>;
};

export function serialConsole(logPath: string): SerialConsole {
  const said = (): Promise<string> => readFile(logPath, 'utf8').catch(() => '');
  return {
    said,
    async waitFor(text, limitMs) {
      const end = Date.now() + limitMs;
      for (;;) {
        const words = await said();
        if (typeof text === 'string' ? words.includes(text) : text.test(words)) return;
        if (Date.now() > end) {
          const doing = `wait for ${String(text)} on the console, whose last words are: ${words.slice(-400)}`;
          throw new Fault({ code: 'qemu_console_silent', doing, retry: 'never' });
        }
        await pause(100);
      }
    },
  };
}
