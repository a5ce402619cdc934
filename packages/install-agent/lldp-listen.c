/* Listens for LLDP (IEEE 802.1AB) on every interface for some seconds; writes "interface chassis port system" lines, tab-separated.
 * usage: lldp-listen SECONDS OUT. Leaves early when every interface with a link was heard. */
#include <arpa/inet.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define ETHERTYPE_LLDP 0x88cc
#define MAX_INTERFACES 64
enum { TLV_END, TLV_CHASSIS, TLV_PORT, TLV_TTL, TLV_PORT_TEXT, TLV_SYSTEM_NAME };
/* subtypes whose value is a MAC address: chassis 4, port 3 (802.1AB tables 8-2, 8-3) */
#define CHASSIS_MAC 4
#define PORT_MAC 3

/* Prints a TLV's value; a switch is not trusted to send clean text. */
static void print_text(FILE *out, const unsigned char *value, int length) {
  if (length == 0) fputc('-', out);
  for (int i = 0; i < length; i++) fputc(value[i] >= 0x20 && value[i] < 0x7f ? value[i] : '.', out);
}

static void print_id(FILE *out, const unsigned char *value, int length, int mac_subtype) {
  if (length == 7 && value[0] == mac_subtype)
    fprintf(out, "%02x:%02x:%02x:%02x:%02x:%02x", value[1], value[2], value[3], value[4], value[5], value[6]);
  else if (length > 1)
    print_text(out, value + 1, length - 1);
  else
    fputc('-', out);
}

/* Walks the TLVs: 7 bits of type, 9 of length. Returns 0 when the frame lacks chassis or port. */
static int report(FILE *out, const char *interface, const unsigned char *frame, int size) {
  const unsigned char *found[TLV_SYSTEM_NAME + 1] = {0};
  int lengths[TLV_SYSTEM_NAME + 1] = {0};
  for (int at = 14; at + 2 <= size;) {
    int type = frame[at] >> 1, length = (frame[at] & 1) << 8 | frame[at + 1];
    at += 2;
    if (type == TLV_END || at + length > size) break;
    if (type <= TLV_SYSTEM_NAME) found[type] = frame + at, lengths[type] = length;
    at += length;
  }
  if (!found[TLV_CHASSIS] || !found[TLV_PORT]) return 0;
  fprintf(out, "%s\t", interface);
  print_id(out, found[TLV_CHASSIS], lengths[TLV_CHASSIS], CHASSIS_MAC);
  fputc('\t', out);
  print_id(out, found[TLV_PORT], lengths[TLV_PORT], PORT_MAC);
  fputc('\t', out);
  print_text(out, found[TLV_SYSTEM_NAME], lengths[TLV_SYSTEM_NAME]);
  fputc('\n', out);
  fflush(out);
  return 1;
}

static int has_link(const char *interface) {
  char path[64], state = '0';
  snprintf(path, sizeof path, "/sys/class/net/%s/carrier", interface);
  FILE *file = fopen(path, "r");
  if (!file) return 0;
  if (fread(&state, 1, 1, file) != 1) state = '0';
  fclose(file);
  return state == '1';
}

int main(int argc, char **argv) {
  if (argc != 3) return 2;
  FILE *out = fopen(argv[2], "a");
  struct if_nameindex *all = if_nameindex();
  int listener = socket(AF_PACKET, SOCK_RAW, htons(ETHERTYPE_LLDP));
  if (!out || !all || listener < 0) return 1;
  char heard[MAX_INTERFACES] = {0};
  for (int i = 0; all[i].if_index; i++) {
    /* 01:80:c2:00:00:0e, nearest bridge: a card drops it unless told otherwise */
    struct packet_mreq wanted = {.mr_ifindex = all[i].if_index, .mr_type = PACKET_MR_MULTICAST, .mr_alen = 6, .mr_address = {1, 0x80, 0xc2, 0, 0, 0x0e}};
    setsockopt(listener, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &wanted, sizeof wanted);
  }
  time_t end = time(0) + atoi(argv[1]);
  while (time(0) < end) {
    struct pollfd ready = {.fd = listener, .events = POLLIN};
    if (poll(&ready, 1, 1000) < 1) continue;
    unsigned char frame[1600];
    struct sockaddr_ll from;
    socklen_t from_size = sizeof from;
    int size = recvfrom(listener, frame, sizeof frame, 0, (struct sockaddr *)&from, &from_size);
    char name[IF_NAMESIZE];
    if (size < 16 || from.sll_ifindex >= MAX_INTERFACES || heard[from.sll_ifindex] || !if_indextoname(from.sll_ifindex, name)) continue;
    heard[from.sll_ifindex] = report(out, name, frame, size);
    int missing = 0;
    for (int i = 0; all[i].if_index; i++)
      missing += strcmp(all[i].if_name, "lo") && has_link(all[i].if_name) && all[i].if_index < MAX_INTERFACES && !heard[all[i].if_index];
    if (!missing) return 0;
  }
  return 0;
}
