// One stay at one stream: chooses the transport, feeds the media element, keeps near live, comes back after a loss,
// and stops for good at a refusal.

import { Backoff } from "./backoff.js";
import { Connection } from "./connection.js";
import { Feed, canPlay, hasMediaSource } from "./feed.js";
import { Native, playsHls } from "./native.js";
import { Target, pace } from "./pace.js";
import { Quality } from "./quality.js";
import { Tokens } from "./tokens.js";

const TICK_MS = 250;
const CALM_MS = 10_000;
const PAUSED_FOR_MS = 60_000;
const STUCK_MS = 6_000;
const SETTLING_MS = 2_500;
const FAILED_OPENINGS = 3;
const GOING_AWAY = 1001;

// States: idle, connecting, buffering, playing, paused, waiting (for the broadcaster), reconnecting, refused, unsupported.
export class Playback {
  // tell: { state(name, { reason, code, decision }), stats(object), tracks({ audio, video }), tokenRefused({ reason, detail }) }
  constructor({ video, base, token, reports, tell }) {
    Object.assign(this, { video, base, reports, tell });
    this.tokens = new Tokens(token);
    this.backoff = new Backoff();
    this.target = new Target();
    this.quality = new Quality();
    this.state = "idle";
    this.behind = 0;
    this.received = 0;
    this.everOpened = false;
    this.abort = new AbortController();
    const { signal } = this.abort;
    video.addEventListener("playing", () => this.playing(), { signal });
    video.addEventListener("waiting", () => this.stalled(), { signal });
    video.addEventListener("pause", () => this.paused(), { signal });
    video.addEventListener("error", () => this.mediaFailed(video.error), { signal });
    globalThis.addEventListener("online", () => this.hurry(), { signal });
    document.addEventListener("visibilitychange", () => this.shown(), { signal });
    globalThis.addEventListener("pagehide", () => this.tellQuality(), { signal });
    this.ticking = setInterval(() => this.tick(), TICK_MS);
    this.connect();
  }

  close() {
    this.abort.abort();
    clearInterval(this.ticking);
    clearTimeout(this.retry);
    clearTimeout(this.idling);
    this.tellQuality();
    this.drop();
  }

  // A newer token: shown to the running session, and used by the next.
  renew(token) {
    this.tokens.renew(token);
    if (this.link && this.state !== "refused") this.offer();
    else if (this.state === "refused") this.connect();
  }

  // To a session that can hear it.
  offer() {
    const token = this.link?.opened ? this.tokens.offer() : null;
    if (token) this.link.renew(token);
  }

  answered(taken) {
    this.tokens.answered(taken);
    this.offer();
  }

  async play() {
    clearTimeout(this.idling);
    if (!this.link && this.state === "paused") this.connect();
    this.wanted = true;
    this.toLive();
    await this.start();
  }

  pause() {
    this.wanted = false;
    this.video.pause();
  }

  toLive() {
    const ranges = this.feed?.ranges() ?? [];
    const newest = ranges.at(-1);
    if (newest) this.video.currentTime = Math.max(newest.start, newest.end - this.target.seconds);
  }

  connect() {
    clearTimeout(this.retry);
    this.link?.close();
    this.fresh = true; // a new session feeds a new buffer; until it does, the last picture stays
    this.enter(this.state === "idle" || this.state === "refused" ? "connecting" : this.state);
    this.wanted ??= true;
    const on = {
      opened: () => this.opened(),
      info: (info) => this.tracks(info),
      binary: (bytes) => this.media(bytes),
      tokenTaken: () => this.answered(true),
      tokenRefused: (why) => {
        this.answered(false);
        this.tell.tokenRefused(why);
      },
      tokenUnheard: () => this.tokens.unheard(),
      closed: (outcome) => this.closed(outcome),
    };
    const { video, base } = this;
    const token = this.tokens.use();
    if (hasMediaSource() && !this.preferNative) this.link = new Connection({ base, token, on });
    else if (playsHls(video)) this.link = new Native({ video, base, token, on });
    else this.enter("unsupported", { reason: "UNSUPPORTED", code: 0 }, "UNSUPPORTED");
  }

  // Lets go of the transport and of what it fed; the last picture goes with it.
  drop() {
    this.link?.close();
    this.link = null;
    this.feed?.close();
    this.feed = null;
    if (this.video.hasAttribute("src")) {
      this.video.removeAttribute("src");
      this.video.load();
    }
  }

  opened() {
    this.everOpened = true;
    this.offer();
    if (this.link instanceof Native) {
      this.tell.tracks({ audio: true, video: true }); // nobody tells before it plays
      this.enter("buffering");
      this.start();
    }
  }

  tracks(info) {
    const kinds = kindsOf(info);
    const { mime } = info;
    if (!canPlay(mime)) {
      if (playsHls(this.video)) return this.useNative();
      this.enter("unsupported", { reason: "UNSUPPORTED", code: 0 }, "UNSUPPORTED");
      this.tellQuality();
      return this.drop();
    }
    this.tell.tracks(kinds);
    const same = this.feed && !this.fresh && this.kinds?.audio === kinds.audio && this.kinds?.video === kinds.video;
    this.kinds = kinds;
    this.fresh = false;
    if (same) return this.feed.change(mime);
    this.feed?.close();
    this.feed = new Feed(this.video, mime, (error) => this.mediaFailed(error));
    this.placed = false;
    this.enter("buffering");
  }

  media(bytes) {
    this.received += bytes.byteLength;
    this.heard = Date.now();
    this.feed?.append(bytes);
    if (!this.placed) this.place();
  }

  // Media arrives and nothing moves: whatever the cause, a new beginning helps.
  stuck() {
    const forMs = Date.now() - this.since;
    return this.state === "buffering" && forMs > STUCK_MS && Date.now() - this.heard < 1000;
  }

  // The first moment: near live inside what has arrived, once something has.
  place() {
    const newest = this.feed?.ranges().at(-1);
    if (!newest) return;
    this.placed = true;
    this.placedAt = Date.now();
    this.video.currentTime = Math.max(newest.start, newest.end - this.target.seconds);
    this.start();
  }

  async start() {
    if (!this.wanted) return;
    try {
      await this.video.play();
    } catch (error) {
      if (error.name === "NotAllowedError") this.enter("paused");
    }
  }

  tick() {
    if (this.quality.due()) this.tellQuality();
    if (!this.feed) {
      if (this.link?.stuck && this.state === "buffering" && Date.now() - this.since > STUCK_MS) this.link.stuck();
      return this.report();
    }
    if (this.stuck()) return this.mediaFailed(new Error("media arrives and cannot be played"));
    if (!this.placed) this.place();
    this.feed?.trim();
    if (this.feed && this.placed && !this.video.paused && !this.video.seeking) this.keepPace();
    this.report();
  }

  keepPace() {
    const { video } = this;
    const step = pace({
      position: video.currentTime,
      ranges: this.feed.ranges(),
      target: this.target.seconds,
      rate: video.playbackRate,
      // What a node keeps for newcomers arrives in a burst, and moves the edge away just after the first picture.
      ...(Date.now() - this.placedAt < SETTLING_MS ? { jump: 0.5 } : {}),
    });
    this.behind = step.behind;
    if (step.seek !== null) video.currentTime = step.seek;
    if (video.playbackRate !== step.rate) video.playbackRate = step.rate;
    if (this.state === "playing") this.target.calm(TICK_MS / 1000);
  }

  report() {
    const now = Date.now();
    if (now - (this.reported ?? 0) < 1000) return;
    const quality = this.video.getVideoPlaybackQuality?.();
    const seconds = this.reported ? (now - this.reported) / 1000 : 1;
    this.tell.stats({
      latency: this.latency,
      bitsPerSecond: Math.round((this.received * 8) / seconds),
      width: this.video.videoWidth,
      height: this.video.videoHeight,
      frames: quality?.totalVideoFrames ?? 0,
      dropped: quality?.droppedVideoFrames ?? 0,
      target: this.target.seconds,
    });
    this.received = 0;
    this.reported = now;
    if (this.state === "playing" && now - this.since > CALM_MS) this.backoff.reset();
  }

  // What this viewer lived through, on the session that there is; what cannot be told now is told by the next.
  tellQuality() {
    if (this.reports && this.link?.opened) this.link.tell(this.quality.take(this.latency));
  }

  get latency() {
    return this.feed ? this.behind : 0;
  }

  playing() {
    if (!this.link) return;
    this.enter("playing");
  }

  stalled() {
    if (this.state !== "playing" || this.video.seeking) return;
    this.target.stalled();
    this.enter("buffering");
  }

  // Somebody paused: the session is kept for a minute, then given back.
  paused() {
    if (!this.link || this.state === "refused") return;
    if (this.wanted && document.hidden) return; // the browser did, to save power
    this.wanted = false;
    this.enter("paused");
    clearTimeout(this.idling);
    this.idling = setTimeout(() => this.drop(), PAUSED_FOR_MS);
  }

  closed(outcome) {
    this.link = null;
    // With a newer token in hand a refusal is about the one before.
    if (outcome.kind === "refused" && this.tokens.hasNewer) return this.connect();
    if (outcome.kind === "refused") {
      this.drop();
      return this.enter("refused", outcome);
    }
    if (this.state === "paused") return;
    if (outcome.kind === "lost" && !this.everOpened && this.backoff.attempts + 1 >= FAILED_OPENINGS && playsHls(this.video)) {
      this.preferNative = true; // a proxy on the way does not let WebSockets pass
    }
    if (outcome.kind === "waiting") this.enter("waiting", outcome);
    else this.enter("reconnecting", outcome, outcome.code === GOING_AWAY ? undefined : "LOST");
    this.later();
  }

  useNative() {
    this.preferNative = true;
    this.drop();
    this.connect();
  }

  mediaFailed(error) {
    if (!error || !this.feed || this.state === "refused") return;
    this.drop();
    this.enter("reconnecting", { reason: "MEDIA", code: 0 }, "MEDIA");
    this.later();
  }

  later() {
    clearTimeout(this.retry);
    this.retry = setTimeout(() => this.connect(), this.backoff.next());
  }

  shown() {
    if (!document.hidden && this.wanted && this.video.paused && this.link) this.play();
  }

  // The network is back: no need to wait out the pause.
  hurry() {
    if (this.state === "reconnecting" || this.state === "waiting") this.connect();
  }

  // `failure`: what it is in the report of quality, where it is one.
  enter(state, { reason = "", code = 0, decision = "" } = {}, failure = undefined) {
    if (this.state === state && this.reason === reason) return;
    this.quality.enter(state, failure);
    if (state !== "buffering" && state !== "playing") this.behind = 0;
    Object.assign(this, { state, reason, code, decision, since: Date.now() });
    this.tell.state(state, { reason, code, decision });
  }
}

function kindsOf({ tracks, codecs = "" }) {
  const kinds = Array.isArray(tracks) ? tracks.map(({ kind, type }) => kind ?? type) : [];
  const named = (kind) => kinds.includes(kind);
  return {
    audio: named("audio") || (!kinds.length && /mp4a|opus|ac-3|ec-3|flac/i.test(codecs)),
    video: named("video") || (!kinds.length && /avc|hvc1|hev1|av01|vp09/i.test(codecs)),
  };
}
