// Restarting the BMC itself by IPMI; the machine behind it is not touched.
import { Fault } from '@rackwright/domain/errors.ts';
import { coldReset } from '@rackwright/protocols/ipmi/cold-reset.ts';
import type { IpmiLine } from './line.ts';

/** Ends when it was told; it is away for a minute or several after that, and every session with it is gone. */
export async function resetBmc(line: IpmiLine): Promise<void> {
  try {
    await line.need(`restart the BMC of ${line.name}`, coldReset, {});
  } catch (cause) {
    // Gone before it answered: as good an answer as any.
    if (!(cause instanceof Fault && cause.code === 'bmc_unreachable' && cause.effect === 'maybe')) throw cause;
  }
}
