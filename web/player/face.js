// What a viewer sees and touches: the picture, the bar, and the veil over the picture that says why there is none.

import * as icon from "./icons.js";
import { explain } from "./reasons.js";
import css from "./style.css";

const QUIET_AFTER_MS = 2800;

const MARKUP = `
<video part="video" playsinline muted></video>
<div class="veil" part="overlay" hidden><div class="card" part="message">
  <span class="mark"></span><p class="sentence"></p><p class="hint"></p><p class="code" part="code"></p>
  <button class="again" part="button again-button" type="button">Try again</button>
</div></div>
<button class="big" part="button big-play-button" type="button" aria-label="Play" hidden>${icon.PLAY}</button>
<button class="sound" part="button unmute-button" type="button" hidden>${icon.MUTED}<span>Unmute</span></button>
<div class="bar" part="controls" role="group" aria-label="Player controls" hidden>
  <button class="play" part="button play-button" type="button"></button>
  <button class="live" part="button live-badge" type="button"><span>LIVE</span></button>
  <span class="space"></span>
  <button class="mute" part="button mute-button" type="button"></button>
  <input class="volume" part="volume" type="range" min="0" max="1" step="0.05" aria-label="Volume">
  <button class="full" part="button fullscreen-button" type="button"></button>
</div>
<p class="visually-hidden" role="status"></p>`;

// state → [sentence, hint, mark, whether it hides the picture]
const VEILS = {
  connecting: ["", "", "", true],
  buffering: ["", "", "", false],
  reconnecting: ["Connection lost", "Trying again…", "", false],
  waiting: ["Waiting for the broadcaster", "The picture appears by itself as soon as the stream is live.", icon.AERIAL, true],
  unsupported: ["This browser cannot play the stream.", "Try a current version of Chrome, Edge, Firefox or Safari.", icon.GATE, true],
};

const SPOKEN = { connecting: "Connecting", buffering: "Loading", playing: "Playing live", paused: "Paused" };

export class Face {
  // act: { toggle(), again(), live() }
  constructor(host, root, act) {
    this.host = host;
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(css);
    root.adoptedStyleSheets = [sheet];
    root.innerHTML = MARKUP;
    const find = (selector) => root.querySelector(selector);
    this.part = Object.fromEntries(
      ["video", "veil", "mark", "sentence", "hint", "code", "again", "big", "sound", "bar", "play", "live", "mute", "volume", "full"].map((name) => [name, find(`.${name}`) ?? find(name)]),
    );
    this.status = find("[role=status]");
    this.video = this.part.video;
    this.video.muted = true;
    this.audible = false;
    this.wire(act);
    this.paint();
  }

  wire(act) {
    const { part, video, host } = this;
    part.play.onclick = part.big.onclick = () => act.toggle();
    part.again.onclick = () => act.again();
    part.live.onclick = () => act.live();
    part.mute.onclick = part.sound.onclick = () => this.mute(!video.muted);
    part.volume.oninput = () => {
      video.volume = Number(part.volume.value);
      this.mute(video.volume === 0);
    };
    part.full.onclick = () => this.fullscreen();
    video.onclick = () => this.wake();
    video.ondblclick = () => this.fullscreen();
    video.onvolumechange = () => this.paint();
    video.onplay = video.onpause = () => this.paint();
    host.addEventListener("pointermove", () => this.wake());
    host.addEventListener("fullscreenchange", () => this.paint());
    host.addEventListener("keydown", (event) => this.key(event, act));
  }

  key(event, act) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const onButton = event.composedPath()[0] instanceof HTMLButtonElement;
    const key = event.key.toLowerCase();
    if (key === "k" || (key === " " && !onButton)) act.toggle();
    else if (key === "m") this.mute(!this.video.muted);
    else if (key === "f") this.fullscreen();
    else return;
    event.preventDefault();
    this.wake();
  }

  show(state, { reason, code, decision }) {
    this.state = state;
    const veil = state === "refused" ? refusal(reason) : VEILS[state];
    const { part } = this;
    part.veil.hidden = !veil;
    part.bar.hidden = !["playing", "paused", "buffering"].includes(state);
    part.big.hidden = state !== "paused";
    if (veil) {
      const [sentence, hint, mark, solid] = veil;
      part.veil.toggleAttribute("data-solid", solid);
      part.mark.innerHTML = mark || '<div class="spin"></div>';
      part.sentence.textContent = sentence;
      part.hint.textContent = hint;
      part.code.textContent = [reason, code, decision].filter(Boolean).join(" · ");
      part.code.hidden = state !== "refused";
      part.again.hidden = state !== "refused" || !explain(reason).again;
    }
    this.status.textContent = veil?.[0] ? `${veil[0]} ${veil[1]}` : (SPOKEN[state] ?? "");
    this.paint();
    this.wake();
  }

  tracks({ audio }) {
    this.audible = audio;
    this.paint();
  }

  // Whether what is seen is near live.
  live(near) {
    this.part.live.toggleAttribute("data-on", near);
    label(this.part.live, near ? "Live" : "Go to live");
  }

  mute(muted) {
    this.video.muted = muted;
    if (!muted && this.video.volume === 0) this.video.volume = 1;
  }

  async fullscreen() {
    const { host, video } = this;
    if (document.fullscreenElement) await document.exitFullscreen();
    else if (host.requestFullscreen) await host.requestFullscreen();
    else video.webkitEnterFullscreen?.();
  }

  wake() {
    this.host.removeAttribute("quiet");
    clearTimeout(this.quieting);
    this.quieting = setTimeout(() => this.host.toggleAttribute("quiet", this.state === "playing"), QUIET_AFTER_MS);
  }

  close() {
    clearTimeout(this.quieting);
  }

  paint() {
    const { part, video } = this;
    const silent = video.muted || video.volume === 0;
    const full = document.fullscreenElement === this.host;
    set(part.play, video.paused ? icon.PLAY : icon.PAUSE, video.paused ? "Play" : "Pause");
    set(part.mute, silent ? icon.MUTED : icon.SOUND, silent ? "Unmute" : "Mute");
    set(part.full, full ? icon.SHRINK : icon.EXPAND, full ? "Leave full screen" : "Full screen");
    part.volume.value = silent ? 0 : video.volume;
    part.mute.hidden = part.volume.hidden = !this.audible;
    part.sound.hidden = !(this.audible && silent && this.state === "playing");
  }
}

function refusal(reason) {
  const { sentence, hint } = explain(reason);
  return [sentence, hint, icon.GATE, true];
}

function set(button, picture, name) {
  if (button.ariaLabel === name) return;
  button.innerHTML = picture;
  label(button, name);
}

function label(button, name) {
  button.setAttribute("aria-label", name);
  button.title = name;
}
