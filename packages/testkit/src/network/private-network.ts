// A switch with a server and some machines on it, in network namespaces of its own: real broadcasts that reach nobody else.
import { randomBytes } from 'node:crypto';
import { mustRun } from '../run-program.ts';

export type PrivateMachine = {
  /** Put before a command to run it on that machine. */
  inside: readonly string[];
  device: string;
  mac: string;
};

export interface PrivateNetwork {
  /** Puts a command on the server's side, whose bridge has the address. */
  server: readonly string[];
  machines: readonly PrivateMachine[];
  /** Plugs a tap device into the switch, for a virtual machine that runs on the server's side. Needs /dev/net/tun. */
  addTap(device: string): Promise<void>;
  close(): Promise<void>;
}

/**
 * Needs root and iproute2 (ask `need('ip')` first). Machines have no address yet; their MACs are 52:54:00:77:00:01 and so on.
 * @param address  the server's, with its prefix length: `10.77.0.1/24`
 */
export async function privateNetwork({ address, machines }: { address: string; machines: number }): Promise<PrivateNetwork> {
  const name = `rw${randomBytes(3).toString('hex')}`;
  const namespaces: string[] = [];
  const add = async (namespace: string) => {
    await mustRun(['ip', 'netns', 'add', namespace]);
    namespaces.push(namespace);
    return ['ip', 'netns', 'exec', namespace];
  };
  const close = async () => {
    // What is in a namespace goes with it.
    for (const namespace of namespaces.splice(0)) await mustRun(['ip', 'netns', 'delete', namespace]);
  };
  try {
    const server = await add(name);
    await mustRun([...server, 'ip', 'link', 'set', 'lo', 'up']);
    await mustRun([...server, 'ip', 'link', 'add', 'br0', 'type', 'bridge', 'stp_state', '0', 'forward_delay', '0']);
    await mustRun([...server, 'ip', 'address', 'add', address, 'dev', 'br0']);
    await mustRun([...server, 'ip', 'link', 'set', 'br0', 'up']);
    const all: PrivateMachine[] = [];
    for (let n = 1; n <= machines; n++) {
      const inside = await add(`${name}m${n}`);
      const mac = `52:54:00:77:00:${n.toString(16).padStart(2, '0')}`;
      const ends = ['name', `port${n}`, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', `${name}m${n}`];
      await mustRun([...server, 'ip', 'link', 'add', ...ends]);
      await mustRun([...server, 'ip', 'link', 'set', `port${n}`, 'master', 'br0', 'up']);
      await mustRun([...inside, 'ip', 'link', 'set', 'eth0', 'address', mac, 'up']);
      await mustRun([...inside, 'ip', 'link', 'set', 'lo', 'up']);
      all.push({ inside, device: 'eth0', mac });
    }
    const addTap = async (device: string) => {
      await mustRun([...server, 'ip', 'tuntap', 'add', device, 'mode', 'tap']);
      await mustRun([...server, 'ip', 'link', 'set', device, 'master', 'br0', 'up']);
    };
    return { server, machines: all, addTap, close };
  } catch (cause) {
    await close();
    throw cause;
  }
}
