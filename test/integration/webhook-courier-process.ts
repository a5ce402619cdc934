// A worker's courier in a process of its own, for the test that kills it in the middle of a delivery.
import { seconds } from '@rackwright/domain/durations.ts';
import { readIpNetwork } from '@rackwright/domain/webhooks/ip-networks.ts';
import { openDatabase } from '@rackwright/store/database.ts';
import { makeKeyring } from '@rackwright/store/secrets/keyring.ts';
import { postgresCourierStore } from '@rackwright/store/webhooks/courier-store.ts';
import { startCourier } from '@rackwright/worker-app/webhooks/courier.ts';

const database = await openDatabase(process.argv[2] ?? '');
const silent = () => undefined;
startCourier(
  { targets: { allowNetworks: [readIpNetwork('127.0.0.0/8')!], allowHttp: true }, answerMs: seconds(15), leaseMs: 1_000 },
  {
    store: postgresCourierStore(database, makeKeyring({ id: 'test', bytes: new Uint8Array(32).fill(7) })),
    onNew: () => silent,
    worker: `process/${process.pid}`,
    log: { info: silent, warn: silent, error: silent },
  },
);
