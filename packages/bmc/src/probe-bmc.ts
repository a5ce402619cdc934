// Is anybody there? One question that needs no password, for a BMC that was silent: logging in comes only after an answer.
import type { BmcEndpoint } from '@rackwright/domain/bmc.ts';
import { Fault } from '@rackwright/domain/errors.ts';
import { PRIVILEGE, RMCP_PORT } from '@rackwright/protocols/ipmi/constants.ts';
import type { ConnectBmcOptions } from './connect-bmc.ts';
import { systemClock } from './ipmi/clock.ts';
import { openDatagrams } from './ipmi/datagrams.ts';
import { unreachable } from './ipmi/faults.ts';
import { checkCapabilities } from './ipmi/session.ts';
import { NOBODY } from './redfish/authorisation.ts';
import { faultFromSilence } from './redfish/failures.ts';
import { briefly, FIELD_TIMINGS } from './redfish/timings.ts';
import { openTransport, originOf } from './redfish/transport.ts';

/** Ends when it answered anything at all. Throws Fault: bmc_unreachable, or bmc_protocol_error for a certificate that is not the right one. */
export async function probeBmc(endpoint: BmcEndpoint, options: ConnectBmcOptions = {}): Promise<void> {
  switch (endpoint.protocol) {
    case 'redfish':
      return probeRedfish(endpoint, options.redfish);
    case 'ipmi':
      return probeIpmi(endpoint, options.ipmi);
  }
}

/** The service root is open to all (DSP0266 §13.2.2); a BMC that wants a login even for it has answered too. */
async function probeRedfish(endpoint: BmcEndpoint, options: ConnectBmcOptions['redfish']): Promise<void> {
  const timings = briefly({ ...FIELD_TIMINGS, ...options?.timings });
  const transport = openTransport(endpoint, timings);
  try {
    const headers = await NOBODY.headers();
    await transport.send({ method: 'GET', path: '/redfish/v1/', headers, timeoutMs: timings.request });
  } catch (error) {
    throw faultFromSilence(error, { doing: `knock at ${originOf(endpoint).host} (Redfish)`, write: false });
  } finally {
    await transport.close();
  }
}

async function probeIpmi({ address, port = RMCP_PORT }: BmcEndpoint, options: ConnectBmcOptions['ipmi']): Promise<void> {
  const doing = `knock at ${address} (IPMI)`;
  const datagrams = await openDatagrams(address, port, options?.clock ?? systemClock).catch((cause: unknown) => {
    throw unreachable(doing, 'none', cause);
  });
  try {
    await checkCapabilities(datagrams, { doing, privilege: PRIVILEGE.administrator });
  } catch (error) {
    if (error instanceof Fault && error.code !== 'bmc_unreachable') return;
    throw error;
  } finally {
    datagrams.close();
  }
}
