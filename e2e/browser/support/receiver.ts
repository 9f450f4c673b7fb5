// A customer's own backend: it writes down what webhooks tell it, and answers as a test wants.
import { type IncomingHttpHeaders, type Server, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export type Call = { headers: IncomingHttpHeaders; body: string };

export class Receiver {
  readonly calls: Call[] = [];
  /** What it answers from now on. */
  status = 200;
  private readonly server: Server;

  private constructor() {
    this.server = createServer((asked, answer) => {
      let body = '';
      asked.setEncoding('utf8').on('data', (chunk) => (body += chunk));
      asked.on('end', () => {
        this.calls.push({ headers: asked.headers, body });
        answer.writeHead(this.status).end();
      });
    });
  }

  static async start(): Promise<Receiver> {
    const receiver = new Receiver();
    await new Promise<void>((listening) => receiver.server.listen(0, '127.0.0.1', listening));
    return receiver;
  }

  get host(): string {
    return `127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  get url(): string {
    return `http://${this.host}/hooks`;
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((closed) => this.server.close(closed));
  }
}
