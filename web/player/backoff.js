// How long to wait before the next attempt: doubling, with full jitter, so that a thousand players do not return at once.

const FIRST_MS = 500;
const LONGEST_MS = 15_000;

export class Backoff {
  constructor(random = Math.random) {
    this.random = random;
    this.attempts = 0;
  }

  next() {
    const ceiling = Math.min(LONGEST_MS, FIRST_MS * 2 ** this.attempts);
    this.attempts += 1;
    return Math.round(ceiling * (0.5 + this.random() / 2));
  }

  reset() {
    this.attempts = 0;
  }
}
