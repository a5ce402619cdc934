// The sensor data record that says "here is a management controller" (IPMI 2.0 §43.9, type 12h).
import { latin1 } from '../bytes/byte-reader.ts';
import { latin1Bytes } from '../bytes/byte-writer.ts';
import { type Body, exactBody } from './body.ts';

//   | id 2 | 51 | 12 | length | address | channel | power | support | 0 0 0 | entity | instance | OEM | c0, name length | name |
const VERSION = 0x51;
const TYPE = 0x12;
const BEFORE_NAME = 11;

export type ManagementController = {
  id: number;
  address: number;
  channel: number;
  powerNotification: number;
  /** As in Get Device ID. */
  support: number;
  entity: number;
  instance: number;
  oem: number;
  name: string;
};

export const managementControllerSdr: Body<ManagementController> = exactBody(
  (r) => {
    const [id, version, type, length] = [r.u16le(), r.u8(), r.u8(), r.u8()];
    if (version !== VERSION || type !== TYPE || length !== r.left) r.fail('not the record of a management controller');
    const [address, channel, powerNotification, support] = [r.u8(), r.u8(), r.u8(), r.u8()];
    r.skip(3);
    const [entity, instance, oem, typeLength] = [r.u8(), r.u8(), r.u8(), r.u8()];
    if (typeLength >> 6 !== 3 || (typeLength & 0x1f) !== r.left) r.fail('a name that is not Latin-1');
    return { id, address, channel, powerNotification, support, entity, instance, oem, name: latin1(r.rest()) };
  },
  (w, value) => {
    const name = latin1Bytes(value.name).subarray(0, 16);
    w.u16le(value.id)
      .u8(VERSION)
      .u8(TYPE)
      .u8(BEFORE_NAME + name.length);
    w.u8(value.address).u8(value.channel).u8(value.powerNotification).u8(value.support).zeros(3);
    w.u8(value.entity).u8(value.instance).u8(value.oem);
    w.u8(0xc0 | name.length).raw(name);
  },
);
