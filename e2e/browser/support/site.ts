// A customer's own site: another origin than the platform's, with a page of theirs.
import { readFileSync } from 'node:fs';
import { type Server, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';

const HLS_JS = fileURLToPath(new URL('../node_modules/hls.js/dist/hls.min.js', import.meta.url));

export class Site {
  private constructor(private readonly server: Server) {}

  /** Serves one page at `/`, and hls.js at `/hls.js`. */
  static async with(body: string): Promise<Site> {
    const server = createServer((asked, answer) => {
      if (asked.url === '/hls.js') {
        answer.setHeader('content-type', 'text/javascript').end(readFileSync(HLS_JS));
      } else if (asked.url === '/') {
        answer.setHeader('content-type', 'text/html; charset=utf-8').end(`<!doctype html><html lang="en">${body}</html>`);
      } else {
        answer.writeHead(404).end();
      }
    });
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
    return new Site(server);
  }

  /** By name, so that it is another site than the platform, which is reached by address. */
  get url(): string {
    return `http://localhost:${(this.server.address() as AddressInfo).port}/`;
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((closed) => this.server.close(closed));
  }
}
