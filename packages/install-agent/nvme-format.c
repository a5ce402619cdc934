/* NVM Express Format NVM with Secure Erase Settings 1: the drive's own controller erases all user data (NVMe base spec 1.4, 5.23).
 * usage: nvme-format /dev/nvme0n1. Keeps the LBA format. nvme-cli would do, but brings D-Bus and OpenSSL into the ramdisk. */
#include <fcntl.h>
#include <linux/nvme_ioctl.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/ioctl.h>

#define IDENTIFY 0x06
#define FORMAT_NVM 0x80
#define CNS_NAMESPACE 0
#define CNS_CONTROLLER 1
#define SECURE_ERASE_USER_DATA 1
#define HOUR_MS 3600000

static int identify(int drive, uint32_t namespace, uint32_t cns, unsigned char *answer) {
  struct nvme_admin_cmd command = {.opcode = IDENTIFY, .nsid = namespace, .addr = (uintptr_t)answer, .data_len = 4096, .cdw10 = cns};
  return ioctl(drive, NVME_IOCTL_ADMIN_CMD, &command);
}

int main(int argc, char **argv) {
  unsigned char controller[4096] = {0}, space[4096] = {0};
  if (argc != 2) return 2;
  int drive = open(argv[1], O_RDWR);
  if (drive < 0) return perror(argv[1]), 1;
  int namespace = ioctl(drive, NVME_IOCTL_ID);
  if (namespace <= 0 || identify(drive, 0, CNS_CONTROLLER, controller) || identify(drive, namespace, CNS_NAMESPACE, space))
    return fprintf(stderr, "%s: not an NVMe namespace that identifies itself\n", argv[1]), 1;

  if (!(controller[256] & 2)) return fprintf(stderr, "%s: no Format NVM command\n", argv[1]), 1; /* OACS bit 1 */
  uint32_t namespaces = controller[516] | controller[517] << 8 | controller[518] << 16 | (uint32_t)controller[519] << 24;
  /* FNA bits 0 and 1: formatting or erasing one namespace takes all of them. Ours may only be this one. */
  if ((controller[524] & 3) && namespaces > 1)
    return fprintf(stderr, "%s: would erase the drive's other namespaces too\n", argv[1]), 1;

  uint32_t flbas = space[26], protection = space[29];
  uint32_t how = (flbas & 0x0f) | (flbas & 0x10) | (protection & 7) << 5 | (protection & 8) << 5 | SECURE_ERASE_USER_DATA << 9 | (flbas & 0x60) << 7;
  struct nvme_admin_cmd format = {.opcode = FORMAT_NVM, .nsid = namespace, .cdw10 = how, .timeout_ms = 24u * HOUR_MS};
  int status = ioctl(drive, NVME_IOCTL_ADMIN_CMD, &format);
  if (status) fprintf(stderr, "%s: format refused, status 0x%x\n", argv[1], status);
  return status ? 1 : 0;
}
