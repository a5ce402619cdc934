// Get System Boot Options (IPMI 2.0 §28.13): one boot option parameter as the BMC holds it.
import { exactBody, type IpmiCommand, openBody } from './body.ts';
import { NET_FN } from './constants.ts';

export type GetBootOption = { parameter: number; set: number; block: number };
export type BootOption = { version: number; parameter: number; markedInvalid: boolean; value: Uint8Array };

export const getSystemBootOptions: IpmiCommand<GetBootOption, BootOption> = {
  name: 'Get System Boot Options',
  netFn: NET_FN.chassis,
  code: 0x09,
  writes: false,
  request: exactBody(
    (r) => ({ parameter: r.u8() & 0x7f, set: r.u8(), block: r.u8() }),
    (w, { parameter, set, block }) => {
      w.u8(parameter).u8(set).u8(block);
    },
  ),
  response: openBody(
    (r) => {
      const [version, selector] = [r.u8(), r.u8()];
      return { version, parameter: selector & 0x7f, markedInvalid: selector > 0x7f, value: r.rest() };
    },
    (w, { version, parameter, markedInvalid, value }) => {
      w.u8(version)
        .u8(parameter | (markedInvalid ? 0x80 : 0))
        .raw(value);
    },
  ),
};
