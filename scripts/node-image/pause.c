/* The first process of every pod: holds its namespaces, reaps orphans, leaves when told. */
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

static void reap(int signal_number) {
  (void)signal_number;
  while (waitpid(-1, 0, WNOHANG) > 0) {
  }
}

static void leave(int signal_number) {
  (void)signal_number;
  _exit(0);
}

int main(void) {
  struct sigaction on_child = {.sa_handler = reap, .sa_flags = SA_NOCLDSTOP};
  struct sigaction on_stop = {.sa_handler = leave};
  if (sigaction(SIGCHLD, &on_child, 0) || sigaction(SIGTERM, &on_stop, 0) || sigaction(SIGINT, &on_stop, 0)) return 1;
  for (;;) pause();
}
