// What people hold in their hands beside the password: an authenticator app, and a device with passkeys.
import { type Page } from '@playwright/test';
import { createHmac } from 'node:crypto';

const PERIOD_MS = 30_000;

/** An authenticator app (RFC 6238), which never shows the same code twice. */
export class App {
  #last = 0;

  constructor(private readonly secret: string) {}

  /** The newest code that was not shown yet; the server takes that of the next half minute too. */
  code(): string {
    const step = Math.max(Math.floor(Date.now() / PERIOD_MS), this.#last + 1);
    this.#last = step;
    const counter = Buffer.alloc(8);
    counter.writeBigInt64BE(BigInt(step));
    const tag = createHmac('sha1', decoded(this.secret)).update(counter).digest();
    const word = tag.readUInt32BE(tag[19]! & 15) & 0x7fff_ffff;
    return String(word % 1_000_000).padStart(6, '0');
  }
}

function decoded(base32: string): Buffer {
  const bits = [...base32].map((letter) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(letter).toString(2).padStart(5, '0')).join('');
  return Buffer.from(bits.match(/.{8}/g)!.map((byte) => parseInt(byte, 2)));
}

/** Puts a device with passkeys beside the browser; whoever holds it always says yes. */
export async function plugIn(page: Page): Promise<void> {
  const session = await page.context().newCDPSession(page);
  await session.send('WebAuthn.enable');
  await session.send('WebAuthn.addVirtualAuthenticator', {
    options: {
      protocol: 'ctap2',
      transport: 'internal',
      hasResidentKey: true,
      hasUserVerification: true,
      isUserVerified: true,
      automaticPresenceSimulation: true,
    },
  });
}
