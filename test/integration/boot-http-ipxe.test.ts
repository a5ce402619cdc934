// The scripts read by a real iPXE: the one in QEMU's network card, under a BIOS. It loops while there is no kernel, then starts the disk.
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startBootHttp } from '@rackwright/boot-app/http/start-boot-http.ts';
import { needOrSkip } from '@rackwright/testkit/tools.ts';
import { expect, test } from 'vitest';
import { bootWorld, eventually } from './boot-http-world.ts';

const MAC = '52:54:00:00:00:05';

/** A boot sector that says one line on the serial port and halts. */
function bootSector(line: string): Buffer {
  const sector = Buffer.alloc(512);
  // xor ax, ax; mov ds, ax; mov si, text; mov dx, 0x3f8; next: lodsb; or al, al; jz end; out dx, al; jmp next; end: hlt; jmp end
  Buffer.from('31c08ed8be107cbaf803ac08c07403eeebf8f4ebfd', 'hex').copy(sector);
  sector.writeUInt16LE(0x7c20, 5);
  sector.write(`${line}\r\n\0`, 0x20, 'latin1');
  sector.writeUInt16LE(0xaa55, 510);
  return sector;
}

test('a real iPXE asks again until there is something to do, then starts the disk', { timeout: 180_000 }, async (ctx) => {
  needOrSkip(ctx, 'boot scripts read by a real iPXE', 'qemu-system-x86_64');
  const folder = mkdtempSync(join(tmpdir(), 'ipxe-'));
  const serial = join(folder, 'serial.log');
  const disk = join(folder, 'disk.raw');
  writeFileSync(serial, '');
  writeFileSync(disk, Buffer.concat([bootSector('THE-DISK-RUNS'), Buffer.alloc(1_048_064)]));
  const world = bootWorld();
  const http = await startBootHttp({ host: '127.0.0.1', port: 0, needs: world.needs, bootUrl: 'http://10.0.2.2:0' });
  await http.close();
  // The guest reaches us as 10.0.2.2, and comes from 127.0.0.1.
  const real = await startBootHttp({
    host: '127.0.0.1',
    port: http.port,
    needs: world.needs,
    bootUrl: `http://10.0.2.2:${http.port}`,
  });
  // There is no agent.kernel: 404, as while somebody exchanges it. (A BIOS iPXE runs any bytes that it gets as a kernel.)
  const server = world.server({ name: 'r1-u05', mac: MAC, address: '127.0.0.1', firmwareMode: 'bios' });
  const { token } = server.openTicket();
  const machine = spawn('qemu-system-x86_64', [
    ...['-m', '128', '-display', 'none', '-no-reboot', '-serial', `file:${serial}`, '-boot', 'order=n'],
    ...['-drive', `file=${disk},format=raw,if=virtio`, '-device', `virtio-net-pci,netdev=n,mac=${MAC}`],
    ...['-netdev', `user,id=n,restrict=off,bootfile=http://10.0.2.2:${http.port}/boot/script.ipxe`],
  ]);
  const asked = () => world.logged.filter((line) => (line as { event: string }).event === 'boot_script');
  try {
    await eventually('it asks for a script, with its identity', () => asked().length >= 1, 60_000);
    expect(asked()[0]).toMatchObject({ mac: MAC, server: 'r1-u05', decision: 'run_agent', reason: 'ticket_open' });
    await eventually('it asks again', () => asked().length >= 2, 60_000);
    server.bootDisk();
    await eventually('the disk runs', () => readFileSync(serial, 'latin1').includes('THE-DISK-RUNS'), 60_000);
    expect(JSON.stringify(world.logged)).not.toContain(token);
  } finally {
    machine.kill('SIGKILL');
    await real.close();
    world.close();
    rmSync(folder, { recursive: true });
  }
});
