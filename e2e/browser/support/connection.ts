// The live connection of a page: what it hears, and that it is lost for a while.
import { type Page, expect } from '@playwright/test';

type Torn = { tear(): void; mend(): void };

export class Connection {
  readonly #heard: string[] = [];

  private constructor(private readonly page: Page) {}

  /** That of whatever is opened in `page` from now on. */
  static async of(page: Page): Promise<Connection> {
    const connection = new Connection(page);
    page.on('domcontentloaded', () => (connection.#heard.length = 0));
    page.on('websocket', (socket) => socket.on('framereceived', ({ payload }) => connection.#heard.push(String(payload))));
    await page.addInitScript(() => {
      const Real = window.WebSocket;
      const all: WebSocket[] = [];
      let torn = false;
      window.WebSocket = class extends Real {
        constructor(url: string | URL, protocols?: string | string[]) {
          super(torn ? String(url).replace(/\/graphql$/, '/nowhere') : url, protocols);
          all.push(this);
        }
      };
      const tear = () => {
        torn = true;
        for (const one of all) one.close();
      };
      Object.assign(window, { tear, mend: () => (torn = false) });
    });
    return connection;
  }

  /** Whether the page was told anything in which `text` stands. */
  hasHeard(text: string): boolean {
    return this.#heard.some((one) => one.includes(text));
  }

  /** Once it is made it is lost, and cannot be made again. */
  async tear(): Promise<void> {
    await expect.poll(() => this.hasHeard('connection_ack')).toBe(true);
    await this.page.evaluate(() => (window as unknown as Torn).tear());
  }

  /** It can be made again. */
  async mend(): Promise<void> {
    await this.page.evaluate(() => (window as unknown as Torn).mend());
  }
}

/** Keeps back what is answered to questions in which `word` stands, until it is released; they are asked at once. */
export async function hold(page: Page, word: string): Promise<{ asked: () => number; release: () => void }> {
  let asked = 0;
  let release!: () => void;
  const held = new Promise<void>((fulfil) => (release = fulfil));
  await page.route('**/graphql', async (route) => {
    if (!route.request().postData()?.includes(word)) return route.fallback();
    const response = await route.fetch();
    asked += 1;
    await held;
    await route.fulfill({ response });
  });
  return { asked: () => asked, release };
}
