// How a player stays near live: pure arithmetic on what is buffered, so that it can be tested without a browser.

export const TARGET_S = 1.0; // behind the newest buffered moment
export const LONGEST_TARGET_S = 4.0;
const NUDGE_S = 0.35; // further behind than the target by this much: play a little faster
const JUMP_S = 3.0; // by this much: jump
const EDGE_S = 0.05; // time ranges are not exact to the frame

// ranges: [{ start, end }] in seconds, ascending; jump: how far behind the target one jumps, and nudges no more.
// → { rate, seek, behind }, seek null where none is needed.
export function pace({ position, ranges, target, rate, jump: far = JUMP_S }) {
  const newest = ranges.at(-1);
  if (!newest) return { rate: 1, seek: null, behind: 0 };
  const nearLive = Math.max(newest.start, newest.end - target);
  const behind = newest.end - position;
  const jump = { rate: 1, seek: nearLive, behind: newest.end - nearLive };
  const current = ranges.find(({ start, end }) => position >= start - EDGE_S && position <= end + EDGE_S);
  if (!current) {
    const ranDry = position > newest.end && position - newest.end < 1;
    return ranDry ? { rate: 1, seek: null, behind: 0 } : jump;
  }
  const beforeGap = current !== newest && position > current.end - 2 * EDGE_S;
  if (beforeGap || behind > target + far) return jump;
  return { rate: rateFor(behind, target, rate), seek: null, behind };
}

// Once nudging it goes on until the target is met, so that the pitch does not flutter around a threshold.
function rateFor(behind, target, rate) {
  const late = behind - target;
  if (late > NUDGE_S * 3) return 1.1;
  if (late > NUDGE_S || (rate > 1 && late > 0.05)) return 1.05;
  if (behind < target * 0.5 || (rate < 1 && behind < target * 0.9)) return 0.96;
  return 1;
}

// After a stall the target grows, and shrinks again while all is well.
export class Target {
  constructor() {
    this.seconds = TARGET_S;
  }

  stalled() {
    this.seconds = Math.min(LONGEST_TARGET_S, this.seconds + 0.4);
  }

  calm(elapsedS) {
    this.seconds = Math.max(TARGET_S, this.seconds - elapsedS * 0.01);
  }
}
