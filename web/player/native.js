// The browser's own HLS, where Media Source Extensions are missing. A media element tells no reason for a failure,
// so the playlist is asked for it: once before playing, and once after each error.

import { decisionId, ofStatus } from "./reasons.js";

export const playsHls = (video) => video.canPlayType("application/vnd.apple.mpegurl") !== "";

export class Native {
  // on: { opened(), tokenTaken(), tokenRefused({ reason, detail }), tokenUnheard(), closed({ kind, reason, code, decision }) }
  constructor({ video, base, token, on }) {
    this.video = video;
    this.on = on;
    this.address = below(base, "index.m3u8", token);
    this.renewal = below(base, "session/token", token);
    this.quality = below(base, "session/quality", token);
    this.opened = false;
    this.abort = new AbortController();
    for (const event of ["error", "ended"]) {
      video.addEventListener(event, () => this.check(false), { signal: this.abort.signal });
    }
    this.check(true);
  }

  // What stood still for long is asked about too: some browsers only wait when a playlist is refused.
  stuck() {
    this.check(false);
  }

  // A newer token for the running session, which goes on under the addresses that it has.
  async renew(token) {
    try {
      const answer = await fetch(this.renewal, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ token }),
        signal: this.abort.signal,
      });
      if (answer.ok) return this.on?.tokenTaken();
      const problem = await answer.json().catch(() => ({}));
      this.on?.tokenRefused({ reason: problem.reason ?? "", detail: problem.detail ?? "" });
    } catch {
      this.on?.tokenUnheard(); // offline, or closed
    }
  }

  // What the viewer lived through; it arrives even if the page goes meanwhile.
  tell(quality) {
    if (!quality) return;
    const headers = { "content-type": "application/json" };
    fetch(this.quality, { method: "POST", headers, body: JSON.stringify(quality), keepalive: true }).catch(() => {});
  }

  close() {
    this.opened = false;
    this.on = null;
    this.abort.abort();
  }

  async check(first) {
    const outcome = await this.ask();
    if (!this.on) return;
    if (!outcome && first) {
      this.video.src = this.address;
      this.opened = true;
      return this.on.opened();
    }
    const { on } = this;
    this.close();
    on.closed(outcome ?? LOST);
  }

  async ask() {
    try {
      const answer = await fetch(this.address, { cache: "no-store", signal: this.abort.signal });
      const outcome = ofStatus(answer.status, answer.headers.get("x-deny-reason"));
      return outcome && { ...outcome, decision: decisionId(answer.headers.get("x-decision-id")) };
    } catch {
      return LOST;
    }
  }
}

const LOST = { kind: "lost", reason: "", code: 0, decision: "" };

function below(base, path, token) {
  const address = new URL(base);
  address.pathname = `${address.pathname.replace(/\/+$/, "")}/${path}`;
  if (token) address.searchParams.set("token", token);
  return address.href;
}
