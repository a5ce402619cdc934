// One simulated BMC on a real socket, and a clock on which its waits pass at once: the bench of the Redfish tests.
import { setImmediate as turn } from 'node:timers/promises';
import type { Clock } from '@rackwright/bmc/redfish/clock.ts';
import type { RedfishOptions } from '@rackwright/bmc/redfish/connect-redfish.ts';
import { connectRedfish } from '@rackwright/bmc/redfish/connect-redfish.ts';
import type { BmcCredentials, BmcTls } from '@rackwright/domain/bmc.ts';
import type { ChassisBoot, ChassisMachine, ChassisSpec, SimulatedChassis } from '@rackwright/virtual-rack-app/chassis.ts';
import { simulatedChassis } from '@rackwright/virtual-rack-app/chassis.ts';
import type { RedfishServer, RedfishServerOptions } from '@rackwright/virtual-rack-app/redfish/start-redfish-server.ts';
import { startRedfishServer } from '@rackwright/virtual-rack-app/redfish/start-redfish-server.ts';
import type { Bmc } from '@rackwright/workflows/ports.ts';

export const CREDENTIALS: BmcCredentials = { username: 'admin', password: 'rack-Pass-1' };

export const SPEC: ChassisSpec = {
  identity: {
    vendor: 'Rackwright',
    model: 'RW-1',
    serial: 'SN-0001',
    uuid: '6f1c4d0e-5a65-4b53-9c39-0d1f8e6a0001',
    assetTag: 'A-1',
    bmcFirmware: '1.2.3',
    biosVersion: 'U1.0',
  },
  hardware: {
    cpus: [
      { model: 'Simulated 16-core', cores: 16, threads: 32 },
      { model: 'Simulated 16-core', cores: 16, threads: 32 },
    ],
    memory: [
      { slot: 'A1', sizeBytes: 32 * 1024 ** 3 },
      { slot: 'B1', sizeBytes: 32 * 1024 ** 3 },
    ],
    nics: [
      { mac: '52:54:00:00:00:01', name: 'eth0' },
      { mac: '52:54:00:00:00:02', name: 'eth1' },
    ],
    disks: [{ serial: 'DISK-1', model: 'Simulated NVMe', sizeBytes: 960_197_124_096 }],
  },
};

export type Bench = {
  chassis: SimulatedChassis;
  server: RedfishServer;
  /** What the machine booted from, in order. */
  boots: ChassisBoot[];
  /** Milliseconds that the driver believed to wait. */
  waited: () => number;
  connect(options?: { tls?: BmcTls; credentials?: BmcCredentials; redfish?: RedfishOptions }): Promise<Bmc>;
  /** Closes all, and tells how many sessions stayed behind at the BMC. */
  close(): Promise<number>;
};

type BenchOptions = Partial<Pick<RedfishServerOptions, 'tls' | 'personality'>> & {
  machine?: Partial<ChassisMachine>;
  power?: 'on' | 'off';
};

export async function startBench({ tls, personality, machine = {}, power = 'off' }: BenchOptions = {}): Promise<Bench> {
  const boots: ChassisBoot[] = [];
  const chassis = simulatedChassis(
    { ...SPEC, power },
    {
      onPowerOn: (boot) => void boots.push(boot),
      onPowerOff: () => {},
      onReset: (boot) => void boots.push(boot),
      ...machine,
    },
  );
  const server = await startRedfishServer({
    host: '127.0.0.1',
    port: 0,
    credentials: CREDENTIALS,
    chassis,
    ...(tls ? { tls } : {}),
    ...(personality ? { personality } : {}),
  });
  const { clock, waited } = hastyClock();
  const open: Bmc[] = [];
  return {
    chassis,
    server,
    boots,
    waited,
    async connect({ tls: trust, credentials = CREDENTIALS, redfish = {} } = {}) {
      const endpoint = { protocol: 'redfish' as const, address: server.url, ...(trust ? { tls: trust } : {}) };
      const bmc = await connectRedfish(endpoint, credentials, { clock, ...redfish });
      open.push(bmc);
      return bmc;
    },
    async close() {
      for (const bmc of open) await bmc.close();
      const left = server.sessions();
      await server.close();
      return left;
    },
  };
}

/** Waits pass in one turn of the event loop, and the time says that they took as long as asked. */
function hastyClock(): { clock: Clock; waited: () => number } {
  let now = 0;
  const clock: Clock = {
    now: () => now,
    async wait(ms) {
      now += ms;
      await turn();
    },
  };
  return { clock, waited: () => now };
}
