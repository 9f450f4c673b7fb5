// The token that a stay runs on, and newer ones on their way to be it.

export class Tokens {
  constructor(token) {
    this.current = token;
    this.newer = null; // not offered to the session yet
    this.offered = null; // not answered yet
  }

  renew(token) {
    this.newer = token;
  }

  // What is to be shown to the session now, if anything. One at a time: an answer does not say which it is about.
  offer() {
    if (this.offered) return null;
    this.offered = this.newer;
    this.newer = null;
    return this.offered;
  }

  // What came of the one that was offered. One that the session refuses is none.
  answered(taken) {
    if (taken) this.current = this.offered ?? this.current;
    this.offered = null;
  }

  // Nobody heard the one that was offered: the next session begins with it.
  unheard() {
    this.newer ??= this.offered;
    this.offered = null;
  }

  // Whether there is one that nobody refused beside the current one.
  get hasNewer() {
    return Boolean(this.newer ?? this.offered);
  }

  // The newest that nobody refused, to begin with.
  use() {
    this.current = this.newer ?? this.offered ?? this.current;
    this.newer = this.offered = null;
    return this.current;
  }
}
