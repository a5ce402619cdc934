// Get Chassis Status (IPMI 2.0 §28.2): power, the last power event, the identify light.
import { type IpmiCommand, type Nothing, noRequest, openBody } from './body.ts';
import { NET_FN } from './constants.ts';

//   | power: bit 0 on | last power event | bit 6 identify known, bits 5:4 its state | front panel, may be absent |
const IDENTIFY_STATES = ['off', 'temporary', 'on'] as const;

export type IdentifyState = (typeof IDENTIFY_STATES)[number] | 'unknown';

export type ChassisStatus = {
  powerOn: boolean;
  /** Bits 7 to 1 as they are: overload 02, interlock 04, fault 08, control fault 10, restore policy 60. */
  powerFlags: number;
  lastPowerEvent: number;
  identify: IdentifyState;
  /** Intrusion 01, front panel lockout 02, drive fault 04, fan fault 08. */
  faultFlags: number;
  frontPanel?: number;
};

export const getChassisStatus: IpmiCommand<Nothing, ChassisStatus> = {
  name: 'Get Chassis Status',
  netFn: NET_FN.chassis,
  code: 0x01,
  writes: false,
  request: noRequest,
  response: openBody(
    (r): ChassisStatus => {
      const [power, lastPowerEvent, other] = [r.u8(), r.u8(), r.u8()];
      const identify = (other & 0x40) === 0 ? 'unknown' : (IDENTIFY_STATES[(other >> 4) & 3] ?? 'unknown');
      const status = { powerOn: (power & 1) === 1, powerFlags: power & 0xfe, lastPowerEvent };
      const rest = { identify, faultFlags: other & 0x0f } as const;
      return r.done ? { ...status, ...rest } : { ...status, ...rest, frontPanel: r.u8() };
    },
    (w, value) => {
      const light = value.identify === 'unknown' ? 0 : 0x40 | (IDENTIFY_STATES.indexOf(value.identify) << 4);
      w.u8(value.powerFlags | (value.powerOn ? 1 : 0))
        .u8(value.lastPowerEvent)
        .u8(light | value.faultFlags);
      if (value.frontPanel !== undefined) w.u8(value.frontPanel);
    },
  ),
};
