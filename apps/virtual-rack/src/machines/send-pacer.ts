// Spreads the datagrams of a thousand servers that were powered on in one instant, as their unequal self-tests would.

export type SendPacer = (send: () => void) => void;

const WINDOW_MS = 10;

/**
 * At once while there is room, else in turn. A socket's receive buffer takes some 160 DHCP packets (212,992 bytes, the kernel's
 * default), and Node reads at most 32 of them per turn of its loop: a busy receiver loses the rest of a burst without a word.
 */
export function sendPacer({ perWindow = 24 } = {}): SendPacer {
  // Never longer than there are servers: each has one packet on its way.
  const waiting: (() => void)[] = [];
  let left = perWindow;
  let timer: NodeJS.Timeout | undefined;

  const nextWindow = () => {
    left = perWindow;
    timer = undefined;
    while (left > 0) {
      const send = waiting.shift();
      if (!send) return;
      left -= 1;
      send();
    }
    timer = setTimeout(nextWindow, WINDOW_MS);
  };
  return (send) => {
    if (left > 0 && waiting.length === 0) {
      left -= 1;
      send();
    } else waiting.push(send);
    // The first of a window opens it; idle, there is no timer.
    timer ??= setTimeout(nextWindow, WINDOW_MS);
  };
}
