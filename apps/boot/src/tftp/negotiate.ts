// Which of a TFTP client's options we agree to. RFC 2347; block size 2348, timeout and transfer size 2349, window size 7440.
import type { TftpOptions } from '@rackwright/protocols/tftp/codec.ts';

export type TftpLimits = {
  /** Bytes; 1468 fills an Ethernet frame. Larger blocks come in fragments, which some firmware cannot join. */
  largestBlock: number;
  /** Blocks sent before an acknowledgement. */
  largestWindow: number;
};

export type Terms = {
  blockSize: number;
  windowSize: number;
  /** The wait before the first repetition. */
  timeoutMs: number;
  /** What we say we agreed to, in the client's order; empty: send the first block at once (RFC 2347). */
  agreed: TftpOptions;
  /** It asked for the size: firmware then often ends the transfer, having only wanted to know. */
  askedSize: boolean;
};

const PLAIN_BLOCK = 512;
const DEFAULT_TIMEOUT_MS = 1_000;

/** Options that are unknown, repeated or out of their range are left out, as if they had not been sent. */
export function negotiate(options: TftpOptions, fileSize: number, limits: TftpLimits): Terms {
  const terms: Terms = { blockSize: PLAIN_BLOCK, windowSize: 1, timeoutMs: DEFAULT_TIMEOUT_MS, agreed: [], askedSize: false };
  const agreed: [string, string][] = [];
  for (const [name, text] of options) {
    const value = /^\d{1,10}$/.test(text) ? Number(text) : Number.NaN;
    if (Number.isNaN(value) || agreed.some(([known]) => known === name)) continue;
    const said = agree(terms, name, value, fileSize, limits);
    if (said !== undefined) agreed.push([name, String(said)]);
  }
  return { ...terms, agreed };
}

function agree(terms: Terms, name: string, value: number, fileSize: number, limits: TftpLimits): number | undefined {
  switch (name) {
    case 'blksize':
      if (value < 8 || value > 65_464) return undefined;
      terms.blockSize = Math.min(value, limits.largestBlock);
      return terms.blockSize;
    case 'windowsize':
      if (value < 1 || value > 65_535) return undefined;
      terms.windowSize = Math.min(value, limits.largestWindow);
      return terms.windowSize;
    case 'timeout':
      if (value < 1 || value > 255) return undefined;
      terms.timeoutMs = value * 1_000;
      return value;
    case 'tsize':
      terms.askedSize = true;
      // Left out for an empty file: curl takes a size of 0 for a fault and hangs up.
      return fileSize > 0 ? fileSize : undefined;
    default:
      return undefined;
  }
}
