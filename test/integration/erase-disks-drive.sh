#!/bin/busybox sh
# Stands in for whatever writes to a drive, by the name it is called with: hdparm, nvme-sanitize, nvme-format, blkdiscard, dd. Says in
# $WORK/said what it was asked. The environment tells for each (HDPARM, NVME_SANITIZE, NVME_FORMAT, BLKDISCARD_DOES, DD): `ok` does it,
# `lies` says that it did, `fails`. Of hdparm also SECURITY: the words of `hdparm -I` about it.
program=${0##*/}
for device in "$@"; do :; done
[ "$program" = dd ] && for word in "$@"; do case $word in of=*) device=${word#of=} ;; esac; done
case $program in
hdparm) does=$HDPARM what=${*%"$device"} ;;
nvme-sanitize) does=$NVME_SANITIZE ;;
nvme-format) does=$NVME_FORMAT ;;
blkdiscard) does=$BLKDISCARD_DOES ;;
dd) does=$DD ;;
esac
echo "$program ${what}${device##*/}" >>"$WORK/said"

case "$program $*" in
'hdparm -I '*) printf '%b' "$SECURITY"; exit ;;
hdparm*--security-set-pass* | hdparm*--security-disable*) exit ;;
esac
case $does in
lies) exit 0 ;;
fails) exit 1 ;;
esac
case $program in
dd) busybox dd "$@" ;;
# --force --zeroout --offset N --length N
blkdiscard) busybox dd if=/dev/zero of="$device" bs=512 seek=$(($4 / 512)) count=$(($6 / 512)) conv=notrunc 2>/dev/null ;;
*) busybox dd if=/dev/zero of="$device" bs=512 count=$(($(busybox stat -c %s "$device") / 512)) conv=notrunc 2>/dev/null ;;
esac
