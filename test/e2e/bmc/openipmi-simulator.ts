// OpenIPMI's ipmi_sim on a free port: a BMC that we did not write, with power and boot device kept by a small shell script.
import { spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { encodeRmcp, NO_ACK } from '@rackwright/protocols/ipmi/rmcp.ts';
import { HOST } from './ipmi-bench.ts';

export const OPENIPMI_CREDENTIALS = { username: 'admin', password: 'rackpass' };
const START_WITHIN_MS = 20_000;

/** `set_working_mc`: without it no socket is opened, and nothing is said. */
const lanConf = (port: number, folder: string) => `name "rwbmc0"
set_working_mc 0x20
  startlan 1
    addr ${HOST} ${port}
    priv_limit admin
    allowed_auths_callback none md2 md5
    allowed_auths_user none md2 md5
    allowed_auths_operator none md2 md5
    allowed_auths_admin none md2 md5
    guid a123456789abcdefa123456789abcdef
  endlan
  chassis_control "${folder}/chassis.sh ${folder}"
  user 2 true "${OPENIPMI_CREDENTIALS.username}" "${OPENIPMI_CREDENTIALS.password}" admin 10 none md2 md5
`;

/** The log holds one record: a temperature that went over its critical limit. */
const EMULATOR = `mc_setbmc 0x20
mc_add 0x20 0x23 no-device-sdrs 0x01 2 0x15 0x9f 0x1291 0xf02 persist_sdr
sel_enable 0x20 1000 0x0a
sel_add 0x20 0x02 0x00 0x00 0x00 0x00 0x20 0x00 0x04 0x01 0x01 0x01 0x59 0x91 0x90
mc_enable 0x20
`;

/** Called as: chassis.sh FOLDER get|set power|boot|reset|... [VALUE]. */
const CHASSIS = `#!/bin/sh
cd "$1" || exit 1
case "$2 $3" in
  'get power') echo "power:$(cat power 2>/dev/null || echo 0)" ;;
  'get boot') echo "boot:$(cat boot 2>/dev/null || echo none)" ;;
  'set power') echo "$4" > power; echo "power $4" >> done ;;
  'set boot') echo "$4" > boot ;;
  'set shutdown') echo 0 > power; echo shutdown >> done ;;
esac
exit 0
`;

export async function openIpmiSimulator(): Promise<AsyncDisposable & { port: number; folder: string }> {
  const folder = await mkdtemp(join(tmpdir(), 'ipmi-sim-'));
  const port = await freePort();
  // The state folder must exist, by the name of the BMC.
  await mkdir(join(folder, 'state/ipmi_sim/rwbmc0'), { recursive: true });
  await writeFile(join(folder, 'lan.conf'), lanConf(port, folder));
  await writeFile(join(folder, 'bmc.emu'), EMULATOR);
  await writeFile(join(folder, 'chassis.sh'), CHASSIS, { mode: 0o755 });
  const child = spawn('ipmi_sim', ['-n', '-c', 'lan.conf', '-f', 'bmc.emu', '-s', 'state'], { cwd: folder, stdio: 'ignore' });
  const ended = once(child, 'exit');
  await answersPing(port);
  return {
    port,
    folder,
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL');
      await ended;
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function answersPing(port: number): Promise<void> {
  const socket = createSocket('udp4');
  socket.on('error', () => {}); // refused until it listens
  const pong = once(socket, 'message', { signal: AbortSignal.timeout(START_WITHIN_MS) });
  await new Promise<void>((resolve) => socket.connect(port, HOST, resolve));
  const ping = setInterval(() => socket.send(encodeRmcp({ kind: 'ping', sequence: NO_ACK, tag: 1 }), () => {}), 50);
  try {
    await pong;
  } finally {
    clearInterval(ping);
    socket.close();
  }
}

async function freePort(): Promise<number> {
  const socket = createSocket('udp4');
  await new Promise<void>((resolve) => socket.bind(0, HOST, resolve));
  const { port } = socket.address();
  await new Promise<void>((resolve) => socket.close(() => resolve()));
  return port;
}
