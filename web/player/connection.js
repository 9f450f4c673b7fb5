// One WebSocket to a stream: JSON info messages, then binary init segments and fragments.
// The token travels in the first message, not in the address: addresses end up in the logs of proxies.

import { decisionId, ofClose } from "./reasons.js";

const SILENCE_MS = 12_000;
const OPENING_MS = 10_000;

export class Connection {
  // on: { opened(), info(object), binary(ArrayBuffer), tokenTaken(), tokenRefused({ reason, detail }), closed({ kind, reason, code, decision }) }
  constructor({ base, token, on }) {
    this.on = on;
    this.socket = new WebSocket(socketAddress(base));
    this.socket.binaryType = "arraybuffer";
    this.socket.onopen = () => {
      this.send({ command: "play", streamId: streamName(base), ...(token ? { token } : {}) });
      this.listen(SILENCE_MS);
      on.opened();
    };
    this.socket.onmessage = ({ data }) => this.receive(data);
    this.decision = "";
    this.socket.onclose = ({ code, reason }) => this.finish({ ...ofClose(code, reason), decision: this.decision });
    this.listen(OPENING_MS);
  }

  // A newer token for the running session, once it is opened.
  renew(token) {
    this.send({ command: "token", token });
  }

  get opened() {
    return this.on !== null && this.socket.readyState === WebSocket.OPEN;
  }

  // What the viewer lived through.
  tell(quality) {
    if (quality) this.send({ command: "quality", ...quality });
  }

  close() {
    clearTimeout(this.timer);
    this.on = null;
    this.socket.close();
  }

  send(message) {
    if (this.socket.readyState === WebSocket.OPEN) this.socket.send(JSON.stringify(message));
  }

  receive(data) {
    if (!this.on) return;
    this.listen(SILENCE_MS);
    if (typeof data !== "string") return this.on.binary(data);
    const message = parsed(data);
    if (message?.type === "info") this.on.info(message);
    else if (message?.type === "denied") this.decision = decisionId(message.decisionId);
    else if (message?.type === "token") this.on.tokenTaken();
    else if (message?.type === "refused") this.on.tokenRefused({ reason: message.reason, detail: message.detail });
  }

  // A dead network does not close a socket: silence does.
  listen(ms) {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      this.finish({ kind: "lost", reason: "", code: 1006, decision: "" });
      this.socket.close();
    }, ms);
  }

  finish(outcome) {
    clearTimeout(this.timer);
    const { on } = this;
    this.on = null;
    on?.closed(outcome);
  }
}

export function streamName(base) {
  return decodeURIComponent(new URL(base).pathname.replace(/\/+$/, "").split("/").pop());
}

function socketAddress(base) {
  const address = new URL(base);
  address.protocol = address.protocol.replace("http", "ws");
  address.pathname = `${address.pathname.replace(/\/+$/, "")}/ws`;
  return address.href;
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
