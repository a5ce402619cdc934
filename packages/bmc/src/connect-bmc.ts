// Opens the door to a BMC by the protocol that its endpoint names.
import type { BmcCredentials, BmcEndpoint } from '@rackwright/domain/bmc.ts';
import type { BeforeWrite, Bmc, ConnectBmcAccount, OwnBmcAccount } from '@rackwright/workflows/ports.ts';
import type { IpmiOptions } from './ipmi/connect-ipmi.ts';
import { connectIpmi } from './ipmi/connect-ipmi.ts';
import type { RedfishOptions } from './redfish/connect-redfish.ts';
import { connectRedfish } from './redfish/connect-redfish.ts';

export type ConnectBmcOptions = { redfish?: RedfishOptions; ipmi?: IpmiOptions };

/** The port's function. Throws Fault; `bmc_auth_failed` is never to be tried again with the same credentials. */
export function bmcConnector(options: ConnectBmcOptions = {}): ConnectBmcAccount {
  return (endpoint, credentials, beforeWrite) => connectBmc(endpoint, credentials, options, beforeWrite);
}

export function connectBmc(
  endpoint: BmcEndpoint,
  credentials: BmcCredentials,
  options: ConnectBmcOptions = {},
  beforeWrite?: BeforeWrite,
): Promise<Bmc & OwnBmcAccount> {
  switch (endpoint.protocol) {
    case 'redfish':
      return connectRedfish(endpoint, credentials, options.redfish, beforeWrite);
    case 'ipmi':
      return connectIpmi(endpoint, credentials, options.ipmi, beforeWrite);
  }
}
