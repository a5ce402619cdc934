/* An NVMe drive for nvme-sanitize.test.ts: linked into nvme-sanitize in place of the kernel. Prints each command it is sent; the environment
 * says what it is: OACS, SANICAP (hexadecimal), ACTIVE and ALLOCATED (its namespaces), LOGS (`status/action` for one reading after the other,
 * the last one for all that follow), REFUSES (the status that Sanitize is answered with). */
#include <linux/nvme_ioctl.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>

static const char *said(const char *name) { return getenv(name) ? getenv(name) : ""; }

static void put32(unsigned char *at, uint32_t value) {
  for (int byte = 0; byte < 4; byte++) at[byte] = value >> 8 * byte;
}

static void list_namespaces(unsigned char *at, const char *names) {
  for (char *end; *names != 0; names = end, at += 4) put32(at, strtoul(names, &end, 10));
}

static int identify(const struct nvme_admin_cmd *command, unsigned char *answer) {
  printf("identify %#x\n", command->cdw10);
  if (command->cdw10 == 2) list_namespaces(answer, said("ACTIVE"));
  if (command->cdw10 == 0x10) list_namespaces(answer, said("ALLOCATED"));
  if (command->cdw10 != 1) return 0;
  answer[256] = strtoul(said("OACS"), 0, 16);
  put32(answer + 328, strtoul(said("SANICAP"), 0, 16));
  return 0;
}

static int read_log(const struct nvme_admin_cmd *command, unsigned char *answer) {
  static const char *left;
  char *end;
  if (!left) left = said("LOGS");
  printf("log %#x of %#x, %u bytes\n", command->cdw10 & 0xff, command->nsid, ((command->cdw10 >> 16) + 1) * 4);
  if (*left == 0) return 2;
  answer[2] = strtoul(left, &end, 10);
  put32(answer + 4, strtoul(end + 1, &end, 16));
  if (*end == ' ') left = end + 1;
  return 0;
}

int ioctl(int drive, unsigned long request, ...) {
  va_list rest;
  va_start(rest, request);
  struct nvme_admin_cmd *command = va_arg(rest, struct nvme_admin_cmd *);
  va_end(rest);
  (void)drive;
  if (request == (unsigned long)NVME_IOCTL_ID) return 1;
  if (request != NVME_IOCTL_ADMIN_CMD) return -1;
  unsigned char *answer = (unsigned char *)(uintptr_t)command->addr;
  if (command->opcode == 0x06) return identify(command, answer);
  if (command->opcode == 0x02) return read_log(command, answer);
  printf("command %#x %#x %#x\n", command->opcode, command->cdw10, command->cdw11);
  return strtoul(said("REFUSES"), 0, 16);
}

/* Time passes only here: a drive that never ends takes no day. */
unsigned sleep(unsigned seconds) { return printf("wait %u\n", seconds), 0; }
