// Booting from the network: the firmware's DHCP and TFTP (or HTTP), then iPXE with DHCP of its own and the boot app's script.
import type { FirmwareMode } from '@rackwright/domain/bmc.ts';
import { askForAddress, type Lease } from './dhcp-client.ts';
import type { DhcpClientKind } from './dhcp-packets.ts';
import { type IpxeHost, type IpxeOutcome, runIpxe } from './ipxe-interpreter.ts';
import type { MachineSpec } from './machine-spec.ts';
import type { MachineWorld, Running } from './machine-world.ts';
import { tftpRead } from './tftp-client.ts';

export type NetworkBoot = {
  spec: MachineSpec;
  world: MachineWorld;
  running: Running;
  firmwareMode: FirmwareMode;
  /** UEFI HTTP Boot instead of PXE. */
  overHttp: boolean;
  onIpxe: () => void;
};

/** `next`: nothing to boot here, the firmware tries its next entry. */
export type NetworkBootOutcome = IpxeOutcome | { kind: 'next'; why: string };

/** What a kernel gets: its command line, and the address its DHCP client will be given again. */
export async function bootFromNetwork(boot: NetworkBoot): Promise<NetworkBootOutcome> {
  const { firmwareMode, overHttp, running } = boot;
  const kind = firmwareMode === 'bios' ? 'bios_pxe' : overHttp ? 'uefi_http' : 'uefi_pxe';
  const lease = await address(boot, kind);
  if (!lease) return { kind: 'next', why: 'PXE-E16: no offer received' };
  if (lease.bootFile === '') return { kind: 'next', why: 'PXE-E53: no boot filename received' };
  const fetched = overHttp ? await fetchOverHttp(boot, lease) : await fetchOverTftp(boot, lease);
  if (!fetched) return { kind: 'next', why: `PXE-E23: cannot load ${lease.bootFile}` };
  running.say(`firmware: ${lease.bootFile} loaded, ${fetched} bytes`);
  boot.onIpxe();
  return runLoader(boot, lease);
}

/** The size first, then the file from the start; how much of it is the rack's setting. */
async function fetchOverTftp(boot: NetworkBoot, lease: Lease): Promise<number | undefined> {
  const { world, running, firmwareMode } = boot;
  const ask = tftp(boot, lease, lease.bootFile);
  const uefi = firmwareMode === 'uefi';
  const blocks: [string, string][] = uefi
    ? [
        ['blksize', '1468'],
        ['windowsize', '4'],
      ]
    : [['blksize', '1456']];
  const probe = await tftpRead({ ...ask, options: [['tsize', '0'], ...blocks], blocks: 'none' });
  if (!probe.ok) {
    running.say(`firmware: TFTP: ${probe.text}`);
    return undefined;
  }
  const file = await tftpRead({ ...ask, options: blocks, blocks: world.tftpBlocks });
  if (!file.ok || file.content.length === 0) return undefined;
  return probe.size ?? file.content.length;
}

function tftp({ world, running }: NetworkBoot, lease: Lease, file: string) {
  return {
    server: { address: lease.nextServer, port: world.tftpPort },
    ...(lease.address.startsWith('127.') ? { from: lease.address } : {}),
    file,
    pace: world.pace,
    power: running.power,
  };
}

async function fetchOverHttp({ world, running }: NetworkBoot, lease: Lease): Promise<number | undefined> {
  const ask = { url: lease.bootFile, from: lease.address, userAgent: 'UefiHttpBoot/1.0', power: running.power };
  const head = await world.web.ask({ ...ask, method: 'HEAD' }).catch(rethrowOnPowerLoss(running));
  const start = await world.web.ask({ ...ask, range: 'bytes=0-4095' }).catch(rethrowOnPowerLoss(running));
  if (head?.status !== 200 || !start?.body.length) return undefined;
  return Number(head.headers['content-length']);
}

/** iPXE first looks for autoexec.ipxe where it came from, then asks DHCP. */
async function runLoader(boot: NetworkBoot, firmwareLease: Lease): Promise<NetworkBootOutcome> {
  const host = ipxeHost(boot, firmwareLease);
  if (!boot.overHttp) {
    const autoexec = await tftpRead({
      ...tftp(boot, firmwareLease, 'autoexec.ipxe'),
      options: [
        ['blksize', '1432'],
        ['tsize', '0'],
      ],
      blocks: 'all',
    });
    if (autoexec.ok) return runIpxe(autoexec.content.toString('utf8'), host);
  }
  const lease = await address(boot, boot.firmwareMode === 'bios' ? 'bios_ipxe' : 'uefi_ipxe');
  if (!lease) return { kind: 'failed', why: 'iPXE: no configuration by DHCP' };
  host.settings.set('netX/ip', lease.address);
  if (!lease.bootFile.startsWith('http://')) return { kind: 'failed', why: `iPXE: nothing to boot (${lease.bootFile})` };
  const script = await host.fetchScript(lease.bootFile);
  return script === undefined ? { kind: 'failed', why: `iPXE: ${lease.bootFile} cannot be had` } : runIpxe(script, host);
}

function ipxeHost(boot: NetworkBoot, firmwareLease: Lease): IpxeHost {
  const { spec, world, running, firmwareMode } = boot;
  const { identity, nics } = spec;
  const settings = new Map([
    ['netX/mac', nics[0]?.mac ?? ''],
    ['uuid', identity.uuid],
    ['serial', identity.serial],
    ['asset', identity.assetTag],
    ['manufacturer', identity.vendor],
    ['product', identity.model],
    ['platform', firmwareMode === 'bios' ? 'pcbios' : 'efi'],
    ['buildarch', 'x86_64'],
  ]);
  const ask = (url: string) => ({
    url,
    from: settings.get('netX/ip') ?? firmwareLease.address,
    userAgent: 'iPXE/1.21.1',
    power: running.power,
  });
  return {
    settings,
    async fetchScript(url) {
      const answer = await world.web.ask(ask(url)).catch(rethrowOnPowerLoss(running));
      return answer?.status === 200 ? answer.body.toString('utf8') : undefined;
    },
    async fetchImage(url) {
      const head = await world.web.ask({ ...ask(url), method: 'HEAD' }).catch(rethrowOnPowerLoss(running));
      if (head?.status !== 200) return false;
      const start = await world.web.ask({ ...ask(url), range: 'bytes=0-4095' }).catch(rethrowOnPowerLoss(running));
      return (start?.body.length ?? 0) > 0;
    },
    async dhcp() {
      const lease = await address(boot, firmwareMode === 'bios' ? 'bios_ipxe' : 'uefi_ipxe');
      if (lease) settings.set('netX/ip', lease.address);
      return lease !== undefined;
    },
    sleep: (seconds) => world.pace.pause(seconds * 1000, running.power),
    say: running.say,
  };
}

export function address({ spec, world, running }: Pick<NetworkBoot, 'spec' | 'world' | 'running'>, kind: DhcpClientKind) {
  return askForAddress({
    kind,
    identity: { mac: spec.nics[0]?.mac ?? '', uuid: spec.identity.uuid, hostname: spec.name },
    switchPort: spec.switchPort,
    relay: world.relay,
    pace: world.pace,
    power: running.power,
  });
}

function rethrowOnPowerLoss({ power, say }: Running) {
  return (cause: unknown): undefined => {
    if (power.aborted) throw cause;
    say(`iPXE: ${cause instanceof Error ? cause.message : String(cause)}`);
  };
}
