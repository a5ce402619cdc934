// The sending side of one TFTP transfer, without socket or clock: which packets to send now. RFC 1350; windows RFC 7440.
import { encodeTftp } from '@rackwright/protocols/tftp/codec.ts';
import type { Terms } from './negotiate.ts';

export interface BlockSender {
  /** The first packets; also what to repeat when nothing came back. */
  unanswered(): Uint8Array[];
  /** What an acknowledgement lets us send next. `late`: an old or impossible number, to which nothing is said. */
  acknowledge(block: number): { kind: 'more'; packets: Uint8Array[] } | { kind: 'done' } | { kind: 'late' };
  /** Bytes of the file that the client has acknowledged. */
  readonly acknowledgedBytes: number;
}

/** Block numbers have 16 bits and go round to 0: the wire's number is the true one modulo this. */
const NUMBERS = 0x10000;

export function blockSender(content: Uint8Array, terms: Pick<Terms, 'blockSize' | 'windowSize' | 'agreed'>): BlockSender {
  const { blockSize, windowSize } = terms;
  // A file of a whole number of blocks ends with an empty one (RFC 1350 section 6).
  const blocks = Math.floor(content.length / blockSize) + 1;
  // Block 0 stands for the option acknowledgement; without options it counts as acknowledged.
  let acknowledged = terms.agreed.length > 0 ? -1 : 0;

  const block = (number: number) =>
    encodeTftp({
      kind: 'block',
      block: number % NUMBERS,
      content: content.subarray((number - 1) * blockSize, number * blockSize),
    });
  const lastSent = () => (acknowledged < 0 ? 0 : Math.min(acknowledged + windowSize, blocks));

  function unanswered(): Uint8Array[] {
    if (acknowledged < 0) return [encodeTftp({ kind: 'option_ack', options: terms.agreed })];
    const window: Uint8Array[] = [];
    for (let number = acknowledged + 1; number <= lastSent(); number++) window.push(block(number));
    return window;
  }

  return {
    unanswered,
    acknowledge(number) {
      // How far ahead of the last one, going round. A repeated number (0 ahead) is answered by silence: answering each copy of an
      // acknowledgement would double all later traffic ("sorcerer's apprentice", RFC 1123 section 4.2.3.1).
      const ahead = (number - acknowledged + NUMBERS) % NUMBERS;
      if (ahead === 0 || acknowledged + ahead > lastSent()) return { kind: 'late' };
      acknowledged += ahead;
      // Less than the whole window: something was lost, and the window starts anew behind what arrived (RFC 7440 section 4).
      return acknowledged >= blocks ? { kind: 'done' } : { kind: 'more', packets: unanswered() };
    },
    get acknowledgedBytes() {
      return Math.min(Math.max(acknowledged, 0) * blockSize, content.length);
    },
  };
}
