// Fragments into a media element through Media Source Extensions: one source buffer, one queue, a bounded past.

const KEEP_BEHIND_S = 12;
const TRIM_AT_S = 30;
const MERGE_BYTES = 1 << 20;
const LONGEST_QUEUE_BYTES = 48 << 20;

const Source = globalThis.ManagedMediaSource ?? globalThis.MediaSource;

export const hasMediaSource = () => Boolean(Source);
export const canPlay = (mime) => Boolean(Source?.isTypeSupported(mime));

export class Feed {
  // failed(error): the feed is of no more use, make another.
  constructor(video, mime, failed) {
    this.video = video;
    this.mime = mime;
    this.failed = failed;
    this.queue = [];
    this.queued = 0;
    this.source = new Source();
    this.source.addEventListener("sourceopen", () => this.open(), { once: true });
    video.disableRemotePlayback = Boolean(globalThis.ManagedMediaSource);
    this.address = URL.createObjectURL(this.source);
    video.src = this.address;
  }

  // New tracks on the same timeline; their init segment is appended next.
  change(mime) {
    this.push({ mime });
  }

  append(bytes) {
    this.queued += bytes.byteLength;
    if (this.queued > LONGEST_QUEUE_BYTES) return this.fail(new Error("the browser does not keep up"));
    this.push({ bytes });
  }

  // [{ start, end }], seconds.
  ranges() {
    const { buffered } = this.video;
    return Array.from({ length: buffered.length }, (_, i) => ({ start: buffered.start(i), end: buffered.end(i) }));
  }

  // Forgets what was played; while paused, what was missed.
  trim() {
    const ranges = this.ranges();
    if (!ranges.length) return;
    const from = ranges[0].start;
    const reference = this.video.paused ? ranges.at(-1).end : this.video.currentTime;
    if (reference - from > TRIM_AT_S) this.push({ from, to: reference - KEEP_BEHIND_S });
  }

  close() {
    this.closed = true;
    this.queue = [];
    URL.revokeObjectURL(this.address);
  }

  open() {
    if (this.closed) return;
    try {
      this.buffer = this.source.addSourceBuffer(this.mime);
    } catch (error) {
      return this.fail(error);
    }
    this.buffer.addEventListener("updateend", () => this.pump());
    this.buffer.addEventListener("error", () => this.fail(new Error("the browser could not read the media")));
    this.pump();
  }

  push(step) {
    this.queue.push(step);
    this.pump();
  }

  pump() {
    if (this.closed || !this.buffer || this.buffer.updating || !this.queue.length) return;
    if (this.source.readyState !== "open") return this.fail(new Error("the media source closed"));
    const step = this.queue.shift();
    try {
      if (step.mime) {
        this.buffer.changeType(step.mime);
        this.pump();
      } else if (step.bytes) {
        this.write(this.merged(step.bytes));
      } else {
        this.buffer.remove(step.from, step.to);
      }
    } catch (error) {
      this.fail(error);
    }
  }

  write(bytes) {
    try {
      this.buffer.appendBuffer(bytes);
      this.queued -= bytes.byteLength;
    } catch (error) {
      const [first] = this.ranges();
      const until = this.video.currentTime - 2;
      if (error.name !== "QuotaExceededError" || !first || until <= first.start) throw error;
      this.queue.unshift({ from: first.start, to: until }, { bytes });
      this.pump();
    }
  }

  // What piled up while the buffer was busy goes in at once.
  merged(first) {
    const parts = [first];
    let length = first.byteLength;
    while (this.queue[0]?.bytes && length + this.queue[0].bytes.byteLength <= MERGE_BYTES) {
      parts.push(this.queue.shift().bytes);
      length += parts.at(-1).byteLength;
    }
    if (parts.length === 1) return first;
    const whole = new Uint8Array(length);
    let at = 0;
    for (const part of parts) {
      whole.set(new Uint8Array(part), at);
      at += part.byteLength;
    }
    return whole.buffer;
  }

  fail(error) {
    if (this.closed) return;
    this.close();
    this.failed(error);
  }
}
