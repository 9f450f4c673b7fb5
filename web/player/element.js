// <portcullis-player src="https://host/live/NAME" token="…">: a live stream on any site.
//
// Attributes  src, token (a new one renews the running session), label (what the picture is called), reports ("off": how
//             well it plays is not told to the platform)
// Properties  src, token, state, reason, code, decision (the id of a refusal), latency (s), stats
// Methods     play(), pause(), toLive(), retry()
// Events      portcullis-state { state, reason, code }, portcullis-refused { reason, code, decision },
//             portcullis-stats, portcullis-token-expiring { expiresAt }: set a newer `token` in answer (it is asked again until then),
//             portcullis-token-refused { reason, detail }: it was none; the session goes on with the one before

import { Face } from "./face.js";
import { askIn, expiryOf, isAskedAgain } from "./expiry.js";
import { Playback } from "./playback.js";

const LONGEST_TIMER_MS = 2 ** 31 - 1;

export class PortcullisPlayer extends HTMLElement {
  static observedAttributes = ["src", "token", "label"];

  constructor() {
    super();
    const act = { toggle: () => this.toggle(), again: () => this.retry(), live: () => this.toLive() };
    this.face = new Face(this, this.attachShadow({ mode: "open" }), act);
    this.stats = {};
  }

  connectedCallback() {
    if (!this.hasAttribute("role")) this.setAttribute("role", "region");
    this.name();
    this.begin();
  }

  disconnectedCallback() {
    this.end();
    this.face.close();
  }

  attributeChangedCallback(attribute, before, after) {
    if (!this.isConnected || before === after) return;
    if (attribute === "label") this.name();
    else if (attribute === "token" && this.playback && after) this.renewed(after);
    else this.begin();
  }

  get src() { return this.getAttribute("src") ?? ""; }
  set src(value) { this.setAttribute("src", value); }
  get token() { return this.getAttribute("token") ?? ""; }
  set token(value) { this.setAttribute("token", value); }
  get state() { return this.playback?.state ?? "idle"; }
  get reason() { return this.playback?.reason ?? ""; }
  get code() { return this.playback?.code ?? 0; }
  get decision() { return this.playback?.decision ?? ""; }
  get latency() { return this.playback?.latency ?? 0; }
  get video() { return this.face.video; }

  play() { return this.playback?.play(); }
  pause() { this.playback?.pause(); }
  toLive() { this.playback?.toLive(); }
  retry() { this.begin(); }

  toggle() {
    if (this.face.video.paused) this.play();
    else this.pause();
  }

  // `src` and `token` set in one go, as frameworks do, make one beginning.
  begin() {
    if (this.beginning) return;
    this.beginning = true;
    queueMicrotask(() => {
      this.beginning = false;
      this.end();
      if (!this.isConnected || !this.src) return;
      const tell = {
        state: (state, why) => this.entered(state, why),
        stats: (stats) => this.measured(stats),
        tracks: (kinds) => this.face.tracks(kinds),
        tokenRefused: (why) => {
          this.emit("portcullis-token-refused", why);
          const before = this.playback?.tokens.current;
          if (before && isAskedAgain(expiryOf(before) - Date.now())) this.watch(before);
        },
      };
      const base = new URL(this.src, document.baseURI).href;
      const reports = this.getAttribute("reports") !== "off";
      this.playback = new Playback({ video: this.face.video, base, token: this.token, reports, tell });
      this.watch(this.token);
    });
  }

  end() {
    clearTimeout(this.expiring);
    this.playback?.close();
    this.playback = null;
  }

  renewed(token) {
    this.playback.renew(token);
    this.watch(token);
  }

  name() {
    this.setAttribute("aria-label", this.getAttribute("label") || "Live stream");
  }

  entered(state, { reason, code, decision }) {
    this.face.show(state, { reason, code, decision });
    this.emit("portcullis-state", { state, reason, code });
    if (state !== "refused") return;
    clearTimeout(this.expiring);
    this.emit("portcullis-refused", { reason, code, decision });
  }

  measured(stats) {
    this.stats = stats;
    this.face.live(this.state === "playing" && stats.latency < stats.target + 2);
    if (this.state === "playing") this.emit("portcullis-stats", stats);
  }

  // Asks the page for a newer token in time, and again while it has none; what does not say when it expires is not asked
  // about.
  watch(token) {
    clearTimeout(this.expiring);
    const expiresAt = expiryOf(token);
    if (!expiresAt) return;
    const inMs = askIn(expiresAt - Date.now());
    if (inMs > LONGEST_TIMER_MS) return;
    this.expiring = setTimeout(() => {
      if (isAskedAgain(expiresAt - Date.now())) this.watch(token);
      this.emit("portcullis-token-expiring", { expiresAt: new Date(expiresAt) });
    }, inMs);
  }

  emit(name, detail) {
    this.dispatchEvent(new CustomEvent(name, { detail, bubbles: true, composed: true }));
  }
}
