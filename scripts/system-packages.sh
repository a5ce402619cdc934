#!/usr/bin/env bash
# Prints the Debian packages that the whole test suite wants; a machine without them runs what it can.
set -euo pipefail
cat <<'LIST' | sed 's/#.*//' | tr -s ' \n' ' '
qemu-system-x86 qemu-utils ovmf ipxe ipxe-qemu        # real firmware and machines
mmdebstrap busybox-static mtools dosfstools fdisk gdisk e2fsprogs cpio kmod zstd xz-utils dmidecode ethtool  # ramdisk and node image
iproute2 udhcpc isc-dhcp-client atftp tftp-hpa curl tcpdump # outside clients of the boot services
ipmitool openipmi python3-sushy redfishtool openssl               # outside clients and an independent BMC
redis-server                                          # BullMQ's other backend
etcd-server golang-1.19-go dpkg-dev golang-github-modern-go-reflect2-dev gcc libc6-dev  # a real Kubernetes from Debian's source
LIST
