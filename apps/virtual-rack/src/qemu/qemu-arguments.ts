// A server's description → QEMU's command line. Every choice here was measured; the reasons stand beside them.
import type { ChassisBoot, ChassisIdentity } from '../chassis.ts';

export type QemuDisk = {
  /** Raw file; made sparse when it is not there. */
  path: string;
  /** At most 20 characters: virtio has no room for more. */
  serial: string;
  sizeBytes: number;
  bus: 'virtio' | 'nvme' | 'sata';
};

export type QemuNic = {
  tap: string;
  mac: string;
  /** `virtio` unless told. OVMF has no driver of its own for e1000e: under UEFI that one boots with QEMU's ROM. */
  model?: 'virtio' | 'e1000e';
};

export type QemuSpec = {
  identity: ChassisIdentity;
  memoryMiB: number;
  cpus: number;
  disks: readonly QemuDisk[];
  nics: readonly QemuNic[];
  /** What a network boot boots without any network: for tests that are not about firmware. */
  directKernel?: { kernel: string; initrd: string; commandLine: string };
};

const OVMF_CODE = '/usr/share/OVMF/OVMF_CODE_4M.fd';
export const OVMF_VARIABLES = '/usr/share/OVMF/OVMF_VARS_4M.fd';

/** File names are relative to the server's folder, which is QEMU's working directory. */
export function qemuArguments(spec: QemuSpec, boot: ChassisBoot): string[] {
  return [
    ...['-nodefaults', '-no-user-config', '-display', 'none', '-machine', 'q35,vmport=off,hpet=off', '-rtc', 'base=utc'],
    // Always emulation: a /dev/kvm that opens may still hang at the first instruction.
    // 256 MiB of translated code is plenty; the default lets a 1 GiB machine grow to 2.2. Without 57-bit addresses pages walk faster.
    ...['-accel', 'tcg,thread=multi,tb-size=256', '-cpu', 'max,la57=off'],
    ...['-m', String(spec.memoryMiB), '-smp', String(spec.cpus)],
    // A restart is a new process: we choose anew what it boots from.
    '-no-reboot',
    ...['-qmp', 'unix:qmp.sock,server=on,wait=off'],
    ...['-chardev', 'socket,id=sol,path=sol.sock,server=on,wait=off,logfile=serial.log,logappend=on', '-serial', 'chardev:sol'],
    // Newer OVMF offers no network boot without a source of randomness.
    ...['-device', 'virtio-rng-pci'],
    ...smbios(spec.identity),
    ...firmware(boot),
    ...bootDevices(spec, boot),
    ...directKernel(spec, boot),
  ];
}

function smbios({ vendor, model, serial, uuid, assetTag, biosVersion }: ChassisIdentity): string[] {
  return [
    ...['-smbios', `type=0,version=${value(biosVersion)}`],
    ...['-smbios', `type=1,manufacturer=${value(vendor)},product=${value(model)},serial=${value(serial)},uuid=${value(uuid)}`],
    ...['-smbios', `type=3,manufacturer=${value(vendor)},serial=${value(serial)},asset=${value(assetTag)}`],
  ];
}

/** QEMU's option syntax: a comma is written twice. */
const value = (text: string) => text.replaceAll(',', ',,');

function firmware(boot: ChassisBoot): string[] {
  if (boot.mode === 'bios') return [];
  // OVMF tries IPv4 and IPv6, PXE and HTTP in turn and waits minutes for each: leave it the one that is meant.
  const off = boot.device === 'http' ? ['IPv4PXESupport', 'IPv6PXESupport'] : ['IPv6PXESupport'];
  return [
    ...['-drive', `if=pflash,format=raw,unit=0,readonly=on,file=${OVMF_CODE}`],
    ...['-drive', 'if=pflash,format=raw,unit=1,file=uefi-variables.fd'],
    ...off.flatMap((name) => ['-fw_cfg', `name=opt/org.tianocore/${name},string=n`]),
  ];
}

function bootDevices(spec: QemuSpec, boot: ChassisBoot): string[] {
  const network = boot.device === 'network' || boot.device === 'http';
  const firstNic = network ? 1 : 1 + spec.disks.length;
  const firstDisk = network ? 1 + spec.nics.length : 1;
  return [
    ...spec.nics.flatMap(({ tap, mac, model = 'virtio' }, n) => [
      ...['-netdev', `tap,id=net${n},ifname=${tap},script=no,downscript=no`],
      ...[
        '-device',
        `${NIC_DEVICE[model]},id=nic${n},netdev=net${n},mac=${mac},bootindex=${firstNic + n}${bootRom(model, boot)}`,
      ],
    ]),
    ...spec.disks.flatMap((disk, n) => [
      // Unsafe caching is right for a disk that dies with its test; zeros written stay holes in the file.
      ...['-drive', `if=none,id=disk${n},file=${value(disk.path)},format=raw,cache=unsafe,discard=unmap,detect-zeroes=unmap`],
      ...['-device', `${DISK_DEVICE[disk.bus]},drive=disk${n},serial=${value(disk.serial)},bootindex=${firstDisk + n}`],
    ]),
  ];
}

/** UEFI: an empty ROM lets the firmware's own PXE client speak, as on real servers. BIOS: QEMU's ROM is the PXE client. */
function bootRom(model: 'virtio' | 'e1000e', boot: ChassisBoot): string {
  return boot.mode === 'uefi' && model === 'virtio' ? ',romfile=' : '';
}

const NIC_DEVICE = { virtio: 'virtio-net-pci', e1000e: 'e1000e' } as const;
const DISK_DEVICE = { virtio: 'virtio-blk-pci', nvme: 'nvme', sata: 'ide-hd' } as const;

function directKernel({ directKernel: direct }: QemuSpec, boot: ChassisBoot): string[] {
  if (!direct || boot.device !== 'network') return [];
  return ['-kernel', direct.kernel, '-initrd', direct.initrd, '-append', direct.commandLine];
}
