// The rack's own network: a namespace with one bridge; the boot services and every QEMU server live in it, nothing leads out.
import { runProgram } from './run-program.ts';

export type RackNetwork = {
  /** Name of the network namespace. */
  namespace: string;
  /** Address of the bridge, where the boot services listen. */
  address: string;
  /** Makes a tap on the bridge for one NIC; its name. At most 256. */
  addTap(): Promise<string>;
  /** Program and arguments to start something inside: `['ip', 'netns', 'exec', …]`. */
  inside(program: string, ...args: string[]): [program: string, ...args: string[]];
  /** Takes the namespace and all in it down. What still runs inside keeps it alive until it ends. */
  close(): Promise<void>;
};

const MAX_TAPS = 256;

/**
 * Needs root and /dev/net/tun. `cidr` is the bridge's address, for example 10.77.0.1/24.
 * Fault `qemu_rack_failed` when the kernel or the rights do not suffice.
 */
export async function rackNetwork(namespace: string, cidr = '10.77.0.1/24'): Promise<RackNetwork> {
  const inNamespace = (...args: string[]) => runProgram('ip', ['-n', namespace, ...args]);
  await runProgram('ip', ['netns', 'add', namespace]);
  const close = async () => {
    await runProgram('ip', ['netns', 'del', namespace]);
  };
  try {
    await inNamespace('link', 'set', 'lo', 'up');
    // No learning delay, or the firmware's first DISCOVER is lost; no snooping, or PXE's and LLDP's multicast is.
    await inNamespace('link', 'add', 'br0', 'type', 'bridge', 'stp_state', '0', 'forward_delay', '0', 'mcast_snooping', '0');
    // Else it takes the lowest port's address, and changes it as taps come and go.
    await inNamespace('link', 'set', 'br0', 'address', '52:54:00:ff:ff:01');
    // LLDP (01:80:c2:00:00:0e) is dropped by a bridge unless told; a play-acting switch speaks it.
    const forwardLldp = 'echo 0x4000 > /sys/class/net/br0/bridge/group_fwd_mask';
    await runProgram('ip', ['netns', 'exec', namespace, 'sh', '-c', forwardLldp]);
    await inNamespace('addr', 'add', cidr, 'dev', 'br0');
    await inNamespace('link', 'set', 'br0', 'up');
  } catch (cause) {
    await close();
    throw cause;
  }

  let taps = 0;
  return {
    namespace,
    address: cidr.split('/')[0] ?? cidr,
    async addTap() {
      if (taps >= MAX_TAPS) throw new RangeError(`a rack network has at most ${MAX_TAPS} taps`);
      const tap = `tap${taps++}`;
      await inNamespace('tuntap', 'add', 'dev', tap, 'mode', 'tap');
      await inNamespace('link', 'set', tap, 'master', 'br0', 'up');
      return tap;
    },
    inside: (program, ...args) => ['ip', 'netns', 'exec', namespace, program, ...args],
    close,
  };
}
