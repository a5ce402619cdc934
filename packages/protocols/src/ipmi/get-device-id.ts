// Get Device ID (IPMI 2.0 §20.1): which BMC this is and which firmware it runs.
import { type IpmiCommand, type Nothing, noRequest, openBody } from './body.ts';
import { NET_FN } from './constants.ts';

//   | id | revision | major | minor (BCD) | IPMI version | support | manufacturer 3 | product 2 | auxiliary 4, may be absent
export type DeviceId = {
  deviceId: number;
  revision: number;
  /** "major.minor" of the firmware. */
  firmware: string;
  /** True while the firmware updates or initialises. */
  busy: boolean;
  /** 0x02 for 2.0, 0x51 for 1.5: BCD, digits swapped. */
  ipmiVersion: number;
  support: number;
  /** IANA enterprise number: 674 Dell, 11 HP, 47196 HPE, 10876 Supermicro, 19046 Lenovo. */
  manufacturer: number;
  product: number;
  auxiliary?: Uint8Array;
};

export const getDeviceId: IpmiCommand<Nothing, DeviceId> = {
  name: 'Get Device ID',
  netFn: NET_FN.app,
  code: 0x01,
  writes: false,
  request: noRequest,
  response: openBody(
    (r): DeviceId => {
      const [deviceId, revision, major, minor] = [r.u8(), r.u8(), r.u8(), r.u8()];
      const [ipmiVersion, support, manufacturer, product] = [r.u8(), r.u8(), r.u24le(), r.u16le()];
      const firmware = `${major & 0x7f}.${minor.toString(16).padStart(2, '0')}`;
      const told = { deviceId, revision, firmware, busy: major > 0x7f, ipmiVersion, support, manufacturer, product };
      if (r.done) return told;
      return { ...told, auxiliary: r.take(4) };
    },
    (w, value) => {
      const [major = '0', minor = '00'] = value.firmware.split('.');
      w.u8(value.deviceId)
        .u8(value.revision)
        .u8((Number.parseInt(major, 10) & 0x7f) | (value.busy ? 0x80 : 0));
      w.u8(Number.parseInt(minor.slice(0, 2), 16))
        .u8(value.ipmiVersion)
        .u8(value.support);
      w.u24le(value.manufacturer).u16le(value.product);
      if (value.auxiliary) w.raw(value.auxiliary);
    },
  ),
};
