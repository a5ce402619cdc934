// Set System Boot Options (IPMI 2.0 §28.12): one parameter at a time; number 5, the boot flags, is the one that matters.
import { exactBody, type IpmiCommand, type Nothing, noResponse } from './body.ts';
import { NET_FN } from './constants.ts';

/** Boot option parameters (table 28-14). */
export const BOOT_PARAMETER = { setInProgress: 0, clearControl: 3, acknowledge: 4, flags: 5 } as const;

export type SetBootOption = {
  parameter: number;
  /** Marks the parameter as not to be used, instead of setting it. */
  markInvalid: boolean;
  value: Uint8Array;
};

export const setSystemBootOptions: IpmiCommand<SetBootOption, Nothing> = {
  name: 'Set System Boot Options',
  netFn: NET_FN.chassis,
  code: 0x08,
  writes: true,
  request: exactBody(
    (r) => {
      const selector = r.u8();
      return { parameter: selector & 0x7f, markInvalid: selector > 0x7f, value: r.rest() };
    },
    (w, { parameter, markInvalid, value }) => {
      w.u8(parameter | (markInvalid ? 0x80 : 0)).raw(value);
    },
  ),
  response: noResponse,
};

/** Completion codes of its own (§28.12). */
export const PARAMETER_NOT_SUPPORTED = 0x80;
export const SET_ALREADY_IN_PROGRESS = 0x81;
