// Connections to receivers: the address that was judged is the address that is connected to, whatever the name says a moment later.
import { lookup as resolve } from 'node:dns';
import type { LookupFunction } from 'node:net';
import { seconds } from '@rackwright/domain/durations.ts';
import { isAllowedAddress, type TargetPolicy } from '@rackwright/domain/webhooks/target.ts';
import { Agent, type Dispatcher } from 'undici';

/** A name that leads where nothing may be sent. */
export class ForbiddenAddress extends Error {
  override readonly name = 'ForbiddenAddress';
}

const CONNECT_MS = seconds(10);

export function guardedDispatcher(policy: TargetPolicy, connectionsPerReceiver: number): Dispatcher {
  return new Agent({
    connections: connectionsPerReceiver,
    connect: { lookup: guardedLookup(policy), timeout: CONNECT_MS },
    maxHeaderSize: 16_384,
  });
}

/** One forbidden address among several is enough: nobody chooses for us which of them is tried. */
function guardedLookup(policy: TargetPolicy): LookupFunction {
  return (hostname, options, answer) => {
    resolve(hostname, { ...options, all: true }, (error, addresses) => {
      if (error) return answer(error, '');
      const forbidden = addresses.find(({ address }) => !isAllowedAddress(address, policy));
      const [first] = addresses;
      if (forbidden || !first) return answer(new ForbiddenAddress(`${hostname} leads to an address that is not allowed`), '');
      if (options.all) return answer(null, addresses);
      answer(null, first.address, first.family);
    });
  };
}
