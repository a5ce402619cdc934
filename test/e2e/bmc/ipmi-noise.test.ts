// Ten thousand broken packets at the real sockets of the simulated BMC and of the driver: nothing throws, everything still answers.
import { createSocket } from 'node:dgram';
import { connectIpmi } from '@rackwright/bmc/ipmi/connect-ipmi.ts';
import { Fault } from '@rackwright/domain/errors.ts';
import { PAYLOAD } from '@rackwright/protocols/ipmi/constants.ts';
import { encodeRmcp, NO_ACK } from '@rackwright/protocols/ipmi/rmcp.ts';
import { mutateSeeded } from '@rackwright/testkit/vectors/mutate-seeded.ts';
import { expect, test } from 'vitest';
import { bench, CREDENTIALS, fastClock, HOST, payloadType, tappedWire } from './ipmi-bench.ts';

const PACKETS = 10_000;
const BATCH = 50;
const PING = encodeRmcp({ kind: 'ping', sequence: NO_ACK, tag: 1 });

function mutations(of: Uint8Array, count: number, seed: number): Uint8Array[] {
  const all: Uint8Array[] = [];
  mutateSeeded(of, count, (mutation) => all.push(mutation), seed);
  return all;
}

test('the BMC keeps answering', async () => {
  await using box = await bench();
  // What a session of ipmitool's or ours looks like, to be broken: recorded from one that lives on through the noise.
  const recorded: Uint8Array[] = [];
  await using wire = await tappedWire(box.server.port, (datagram, direction) => {
    if (direction === 'to_bmc' && recorded.length < 24) recorded.push(datagram);
    return [datagram];
  });
  const bmc = await connectIpmi({ protocol: 'ipmi', address: HOST, port: wire.port }, CREDENTIALS);
  await bmc.bootOnce('network', 'uefi');
  await bmc.setPower('on');
  await bmc.identify();
  expect(new Set(recorded.map(payloadType))).toEqual(new Set([undefined, 0x10, 0x12, 0x14, 0]));

  const socket = createSocket('udp4');
  await new Promise<void>((resolve) => socket.connect(box.server.port, HOST, resolve));
  let sent = 0;
  for (let batch = 0; batch < PACKETS / BATCH; batch++) {
    const model = recorded[batch % recorded.length] ?? PING;
    for (const mutation of mutations(model, BATCH, batch + 1)) {
      socket.send(mutation);
      sent += 1;
    }
    await pong(socket);
    // The session that was there before is neither lost nor fooled.
    if (batch % 20 === 0) expect(await bmc.power()).toBe('on');
  }
  socket.close();
  expect(sent).toBe(PACKETS);
  await bmc.setPower('off');
  const another = await connectIpmi({ protocol: 'ipmi', address: HOST, port: box.server.port }, CREDENTIALS);
  expect(await another.power()).toBe('off');
  await another.close();
  await bmc.close();
});

/** Everything sent before has been read when the pong comes; other answers are let go by. */
async function pong(socket: ReturnType<typeof createSocket>): Promise<void> {
  await new Promise<void>((resolve) => {
    const look = (datagram: Uint8Array) => {
      if (datagram[3] !== 0x06) return;
      socket.off('message', look);
      resolve();
    };
    socket.on('message', look);
    socket.send(PING);
  });
}

test('the driver hears the right answer through the noise', async () => {
  await using box = await bench();
  let noise = 0;
  let seed = 0;
  await using wire = await tappedWire(box.server.port, (datagram, direction) => {
    if (direction === 'to_bmc' || payloadType(datagram) !== PAYLOAD.ipmi) return [datagram];
    seed += 1;
    const broken = mutations(datagram, BATCH, seed);
    noise += broken.length;
    return [...broken, datagram];
  });
  const bmc = await connectIpmi({ protocol: 'ipmi', address: HOST, port: wire.port }, CREDENTIALS, { clock: fastClock(10) });
  await bmc.setPower('on');
  for (let times = 0; times < PACKETS / BATCH; times++) expect(await bmc.power()).toBe('on');
  expect(noise).toBeGreaterThanOrEqual(PACKETS);
  expect((await bmc.identify()).serial).toBe('ABC1234');
  await bmc.close();
});

test('noise while the session opens ends in a session or in a Fault, nothing else', async () => {
  let skipped = 0;
  await using box = await bench({}, () => performance.now() + skipped);
  let seed = 1_000;
  let noise = 0;
  let quiet = false;
  await using wire = await tappedWire(box.server.port, (datagram, direction) => {
    if (quiet || direction === 'to_bmc') return [datagram];
    seed += 1;
    const broken = mutations(datagram, BATCH, seed);
    noise += broken.length;
    return [...broken, datagram];
  });
  const endpoint = { protocol: 'ipmi', address: HOST, port: wire.port } as const;
  for (let times = 0; times < PACKETS / BATCH; times++) {
    try {
      const bmc = await connectIpmi(endpoint, CREDENTIALS, { clock: fastClock(100) });
      expect(await bmc.power()).toBe('off');
      await bmc.close();
    } catch (cause) {
      // Before there are keys, a broken refusal cannot be told from a true one.
      expect(cause).toBeInstanceOf(Fault);
    }
  }
  expect(noise).toBeGreaterThanOrEqual(PACKETS);
  quiet = true;
  // Sessions that the BMC thinks open and the console does not age out.
  skipped = 61_000;
  const bmc = await connectIpmi(endpoint, CREDENTIALS);
  expect(await bmc.power()).toBe('off');
  await bmc.close();
});
