#!/bin/bash
# Turns a freshly installed Debian tree into a node's root file system. usage: configure-tree.sh TREE cloud|generic
set -euo pipefail
here=$(dirname "$(readlink -f "$0")")
tree=$1 flavour=$2

cp -R "$here/files/." "$tree/"
mkdir -p "$tree/usr/share/rackwright" "$tree/etc/containerd/certs.d" "$tree/opt/cni/bin" "$tree/var/log/journal" "$tree/var/lib/kubelet"
"$here/pause-image.sh" "$tree/usr/share/rackwright/pause.tar"
for plugin in "$tree"/usr/lib/cni/*; do ln -sf "/usr/lib/cni/${plugin##*/}" "$tree/opt/cni/bin/${plugin##*/}"; done
# kubeadm and many charts look for the plug-ins' default place and for this folder
mkdir -p "$tree/etc/kubernetes/manifests"

echo rackwright-node >"$tree/etc/hostname"
printf '127.0.0.1 localhost\n::1 localhost ip6-localhost ip6-loopback\n' >"$tree/etc/hosts"
# one image, many servers: nothing that identifies a machine may be in it
: >"$tree/etc/machine-id"
rm -f "$tree"/etc/ssh/ssh_host_* "$tree/var/lib/dbus/machine-id" "$tree/var/lib/systemd/random-seed"
# the agent grew the partition; systemd grows the file system to it
echo 'LABEL=rw-root / ext4 defaults,noatime,x-systemd.growfs 0 1' >"$tree/etc/fstab"

units='systemd-networkd systemd-resolved systemd-timesyncd containerd rackwright-pause-image'
# shellcheck disable=SC2086 # a list
chroot "$tree" systemctl enable $units 2>/dev/null
# First-boot work that is done here once instead of on every server (measured: 20 s of 112 under emulation), and timers that
# would change a node behind its cluster's back.
for unit in apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer e2scrub_all.timer e2scrub_reap.service fstrim.timer \
  grub-common.service ldconfig.service systemd-hwdb-update.service systemd-journal-catalog-update.service systemd-pstore.service \
  keyboard-setup.service console-setup.service modprobe@drm.service modprobe@efi_pstore.service modprobe@fuse.service; do
  ln -sf /dev/null "$tree/etc/systemd/system/$unit"
done
# sshd over AF_VSOCK: a kernel module we do not ship, and a red line on every console
mkdir -p "$tree/etc/systemd/system-generators"
ln -sf /dev/null "$tree/etc/systemd/system-generators/systemd-ssh-generator"
chroot "$tree" systemd-hwdb update
chroot "$tree" journalctl --update-catalog 2>/dev/null
touch "$tree/etc/.updated" "$tree/var/.updated"

# A small initramfs loads faster; real hardware needs every storage driver there is.
if [ "$flavour" = cloud ]; then
  echo MODULES=list >"$tree/etc/initramfs-tools/conf.d/rackwright"
  printf '%s\n' virtio_pci virtio_blk virtio_scsi sd_mod nvme ahci ext4 >"$tree/etc/initramfs-tools/modules"
fi
echo COMPRESS=zstd >>"$tree/etc/initramfs-tools/conf.d/rackwright"
chroot "$tree" update-initramfs -u >/dev/null

rm -rf "$tree"/var/lib/apt/lists/* "$tree"/var/cache/apt/* "$tree"/var/log/*.log "$tree"/usr/bin/containerd-stress
rm -rf "$tree"/usr/share/{locale,man,info}/* "$tree"/usr/share/grub/unicode.pf2 "$tree"/usr/lib/grub/i386-pc/*.module
