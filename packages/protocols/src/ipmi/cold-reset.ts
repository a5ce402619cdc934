// Cold Reset (IPMI 2.0 §20.2): the BMC starts anew, the machine is not touched. Some answer before they go, some do not.
import { type IpmiCommand, type Nothing, noRequest, noResponse } from './body.ts';
import { NET_FN } from './constants.ts';

export const coldReset: IpmiCommand<Nothing, Nothing> = {
  name: 'Cold Reset',
  netFn: NET_FN.app,
  code: 0x02,
  writes: true,
  request: noRequest,
  response: noResponse,
};
