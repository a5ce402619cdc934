// Stopping an HTTP server without waiting for those who ask nothing: Node waits a minute for a connection that never sent a request,
// and for one that became idle just after it looked.
import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import { seconds } from '@rackwright/domain/durations.ts';

/** What is being answered is given this long. */
const GRACE_MS = seconds(20);

/** Call before it listens; call what it returns when the server begins to close. */
export function stopPromptly(server: Server): () => void {
  const silent = new Set<Socket>();
  server.on('connection', (socket) => {
    silent.add(socket);
    socket.once('close', () => silent.delete(socket));
  });
  server.on('request', ({ socket }) => silent.delete(socket));

  return () => {
    const closeIdle = (): void => {
      for (const socket of silent) socket.destroy();
      server.closeIdleConnections();
    };
    const sweep = setInterval(closeIdle, 50);
    const end = setTimeout(() => server.closeAllConnections(), GRACE_MS);
    server.once('close', () => {
      clearInterval(sweep);
      clearTimeout(end);
    });
  };
}
