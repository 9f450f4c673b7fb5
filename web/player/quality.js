// What a viewer lives through: how long the first picture took, how long it then stood still, how late it is, what
// failed. Told to the platform now and then, each time of what was since the time before. Of who watches it says nothing.

const EVERY_MS = 10_000;
const LONGEST_MS = 120_000;
const FAILURES = 10;

export class Quality {
  constructor(now = () => performance.now()) {
    Object.assign(this, { now, began: now(), since: now(), told: -Infinity, mode: "starting", wasTried: false, wasSeen: false });
    this.empty();
  }

  // The player is in another state; `failure` is LOST, MEDIA or UNSUPPORTED, where that is why.
  enter(state, failure) {
    this.add();
    const { mode } = this;
    if (failure && this.failures.length < FAILURES) this.failures.push(failure);
    if (state === "playing") {
      if (mode === "starting") this.first();
      this.wasSeen = true;
      this.mode = "playing";
    } else if (state === "buffering" || state === "reconnecting" || state === "connecting") {
      if (mode === "playing") {
        this.mode = "stalled";
        this.stalls += 1;
      } else if (mode === "idle" && !this.wasSeen) {
        this.began = this.now(); // somebody pressed play: from now on it is waited for
        this.mode = "starting";
      }
    } else {
      this.mode = "idle"; // paused, or there is nothing to be played: nobody waits for us
    }
  }

  // Whether there is something to tell.
  due() {
    if (this.news) return true;
    const isNew = this.mode !== "idle" || this.playedMs > 0 || this.failures.length > 0;
    return isNew && this.now() - this.told >= EVERY_MS && this.now() - this.began >= EVERY_MS;
  }

  // What was since this was asked last; null where nothing was. `latency` in seconds, 0 where it is not known.
  take(latency) {
    this.add();
    this.told = this.now();
    const { startMs, playedMs, stalledMs, stalls, failures } = this;
    // A start counts where its attempt was told, which may have been on a session before; one session counts it once.
    const isTried = this.mode === "starting" || (failures.length > 0 && !this.wasSeen);
    const attempt = startMs !== undefined || (!this.wasTried && isTried);
    this.wasTried ||= attempt;
    this.empty();
    const told = {
      ...(attempt && { attempt }),
      ...(startMs !== undefined && { startMs }),
      ...(playedMs >= 1 && { playedMs: Math.round(playedMs) }),
      ...(stalledMs >= 1 && { stalledMs: Math.round(stalledMs) }),
      ...(stalls && { stalls }),
      ...(latency > 0 && playedMs >= 1 && { latencyMs: Math.round(latency * 1000) }),
      ...(failures.length && { failures }),
    };
    return Object.keys(told).length ? told : null;
  }

  // The first picture.
  first() {
    this.startMs = Math.min(Math.round(this.now() - this.began), LONGEST_MS);
    this.news = true;
  }

  add() {
    const now = this.now();
    if (this.mode === "playing") this.playedMs += now - this.since;
    if (this.mode === "stalled") this.stalledMs += now - this.since;
    this.since = now;
  }

  empty() {
    Object.assign(this, { startMs: undefined, playedMs: 0, stalledMs: 0, stalls: 0, failures: [], news: false });
  }
}
