// Boot option parameter 5, the boot flags (IPMI 2.0 table 28-14): which device the next boot, or every boot, begins with.
import { type Body, openBody } from './body.ts';

//   | 80 valid, 40 persistent, 20 UEFI | device<<2 | 0 | 0 | 0 |
export type BootFlags = {
  /** The firmware looks at the rest only when set, and clears it at the boot that used it. */
  valid: boolean;
  persistent: boolean;
  uefi: boolean;
  /** A number of `BOOT_SELECTOR`, or a vendor's. */
  selector: number;
};

export const BOOT_SELECTOR = { none: 0, network: 1, disk: 2, safeMode: 3, diagnostic: 4, cd: 5, firmwareSetup: 6 } as const;

/** Longer answers exist (HP DL380 G5 appends 12 bytes), so what follows the five bytes is dropped. */
export const bootFlags: Body<BootFlags> = openBody(
  (r) => {
    const [flags, device] = [r.u8(), r.u8()];
    r.skip(3);
    return {
      valid: (flags & 0x80) !== 0,
      persistent: (flags & 0x40) !== 0,
      uefi: (flags & 0x20) !== 0,
      selector: (device >> 2) & 0x0f,
    };
  },
  (w, { valid, persistent, uefi, selector }) => {
    w.u8((valid ? 0x80 : 0) | (persistent ? 0x40 : 0) | (uefi ? 0x20 : 0))
      .u8(selector << 2)
      .zeros(3);
  },
);
