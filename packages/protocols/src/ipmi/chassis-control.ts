// Chassis Control (IPMI 2.0 §28.3): power off and on, cycle, reset, diagnostic interrupt, soft shutdown.
import { exactBody, type IpmiCommand, type Nothing, noResponse } from './body.ts';
import { NET_FN } from './constants.ts';

/** In the order of their numbers, 0 to 5. `soft` presses the power button: the operating system shuts itself down. */
const CONTROLS = ['off', 'on', 'cycle', 'reset', 'diagnostic_interrupt', 'soft'] as const;

export type ChassisControl = (typeof CONTROLS)[number];

export const chassisControl: IpmiCommand<{ control: ChassisControl }, Nothing> = {
  name: 'Chassis Control',
  netFn: NET_FN.chassis,
  code: 0x02,
  writes: true,
  request: exactBody(
    (r) => {
      const control = CONTROLS[r.u8() & 0x0f];
      if (!control) r.fail('an unknown chassis control');
      return { control: control ?? 'on' };
    },
    (w, { control }) => {
      w.u8(CONTROLS.indexOf(control));
    },
  ),
  response: noResponse,
};
