// Opens a server's BMC and makes sure that it is this server's own, before anything is read from it or asked of it.
import type { BmcCredentials, BmcEndpoint } from '@rackwright/domain/bmc.ts';
import { Refusal } from '@rackwright/domain/errors.ts';
import type { ServerId } from '@rackwright/domain/ids.ts';
import type { BeforeWrite, Bmc, ConnectBmc } from '@rackwright/workflows/ports.ts';

export type BmcOnFile = { endpoint: BmcEndpoint; credentials: BmcCredentials; serial: string | null };

/**
 * Addresses of BMCs are mistyped, and move when DHCP gives them: a neighbour that is off proves nothing about our machine, and must
 * not be switched off in its place. Refusal `serial_mismatch`; a BMC that does not know its serial is believed, as when onboarding.
 */
export function ownBmc(
  read: (serverId: ServerId) => Promise<BmcOnFile>,
  connect: ConnectBmc,
): (serverId: ServerId, beforeWrite: BeforeWrite) => Promise<Bmc> {
  return async (serverId, beforeWrite) => {
    const { endpoint, credentials, serial } = await read(serverId);
    const bmc = await connect(endpoint, credentials, beforeWrite);
    try {
      const seen = (await bmc.identify()).serial;
      if (serial !== null && seen !== '' && seen !== serial)
        throw new Refusal('serial_mismatch', { onFile: serial, seen, seenBy: 'BMC' });
      return bmc;
    } catch (thrown) {
      await bmc.close();
      throw thrown;
    }
  };
}
