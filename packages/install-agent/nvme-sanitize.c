/* NVM Express Sanitize, block erase: the drive erases all its media, also what no namespace reaches any more (NVMe base spec 1.4, 5.24,
 * 8.15). usage: nvme-sanitize /dev/nvme0n1. It goes on over resets and power cycles, so one that runs already is waited for first.
 * No crypto erase: what it leaves cannot be told from data by reading it, so it would prove nothing. */
#include <fcntl.h>
#include <linux/nvme_ioctl.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define GET_LOG_PAGE 0x02
#define IDENTIFY 0x06
#define SANITIZE 0x84
#define CNS_CONTROLLER 1
#define CNS_ACTIVE_NAMESPACES 2
#define CNS_ALLOCATED_NAMESPACES 0x10
#define SANITIZE_STATUS 0x81
#define ALL_NAMESPACES 0xffffffffu
#define EXIT_FAILURE_MODE 1
#define BLOCK_ERASE 2
/* AUSE: a drive whose sanitize failed takes commands again when told to leave the failure mode; without it, it serves nobody any more */
#define UNRESTRICTED_EXIT (1 << 3)
#define POLL_SECONDS 5
#define MOST_SECONDS 86400
#define MINUTE_MS 60000

enum { NEVER, SUCCEEDED, RUNNING, FAILED };

static uint32_t le32(const unsigned char *at) { return at[0] | at[1] << 8 | at[2] << 16 | (uint32_t)at[3] << 24; }

static int identify(int drive, uint32_t cns, unsigned char *answer) {
  struct nvme_admin_cmd command = {.opcode = IDENTIFY, .addr = (uintptr_t)answer, .data_len = 4096, .cdw10 = cns};
  return ioctl(drive, NVME_IOCTL_ADMIN_CMD, &command);
}

/* SSTAT bits 2:0 of the Sanitize Status log, and the action (SCDW10 bits 2:0) that it is about; negative when it cannot be read. */
static int status_of(int drive, uint32_t *action) {
  unsigned char log[512] = {0};
  struct nvme_admin_cmd command = {.opcode = GET_LOG_PAGE, .nsid = ALL_NAMESPACES, .addr = (uintptr_t)log, .data_len = sizeof log,
                                   .cdw10 = SANITIZE_STATUS | (sizeof log / 4 - 1) << 16};
  if (ioctl(drive, NVME_IOCTL_ADMIN_CMD, &command)) return -1;
  *action = le32(log + 4) & 7;
  return log[2] & 7;
}

/* What one that runs ends with; RUNNING when a day was not enough. */
static int wait_for_end(int drive, uint32_t *action) {
  int status = RUNNING;
  for (int waited = 0; status == RUNNING && waited < MOST_SECONDS; waited += POLL_SECONDS) {
    sleep(POLL_SECONDS);
    status = status_of(drive, action);
  }
  return status;
}

static int sanitize(int drive, uint32_t how) {
  struct nvme_admin_cmd command = {.opcode = SANITIZE, .cdw10 = how, .timeout_ms = 10 * MINUTE_MS};
  return ioctl(drive, NVME_IOCTL_ADMIN_CMD, &command);
}

/* It takes every namespace of the drive: ours may only be the one. */
static int is_alone(int drive, int namespace, const unsigned char *controller) {
  unsigned char list[4096] = {0};
  /* OACS bit 3: namespaces may exist that are attached to no controller */
  uint32_t cns = controller[256] & 8 ? CNS_ALLOCATED_NAMESPACES : CNS_ACTIVE_NAMESPACES;
  return !identify(drive, cns, list) && le32(list) == (uint32_t)namespace && le32(list + 4) == 0;
}

int main(int argc, char **argv) {
  unsigned char controller[4096] = {0};
  if (argc != 2) return 2;
  int drive = open(argv[1], O_RDWR);
  if (drive < 0) return perror(argv[1]), 1;
  int namespace = ioctl(drive, NVME_IOCTL_ID);
  if (namespace <= 0 || identify(drive, CNS_CONTROLLER, controller))
    return fprintf(stderr, "%s: not an NVMe namespace that identifies itself\n", argv[1]), 1;
  if (!(le32(controller + 328) & 2)) return fprintf(stderr, "%s: no block erase\n", argv[1]), 1; /* SANICAP bit 1 */
  if (!is_alone(drive, namespace, controller))
    return fprintf(stderr, "%s: would erase the drive's other namespaces too\n", argv[1]), 1;

  uint32_t action = 0;
  int status = status_of(drive, &action);
  if (status < 0) return fprintf(stderr, "%s: no sanitize status\n", argv[1]), 1;
  if (status == RUNNING) {
    status = wait_for_end(drive, &action);
    if (status == SUCCEEDED && action == BLOCK_ERASE) return 0;
  }
  int refused = sanitize(drive, BLOCK_ERASE | UNRESTRICTED_EXIT);
  if (refused) return fprintf(stderr, "%s: sanitize refused, status 0x%x\n", argv[1], refused), 1;
  status = wait_for_end(drive, &action);
  if (status == FAILED) sanitize(drive, EXIT_FAILURE_MODE);
  if (status != SUCCEEDED) fprintf(stderr, "%s: sanitize ended with status %d\n", argv[1], status);
  return status == SUCCEEDED ? 0 : 1;
}
