// When a token ends, as far as it says so, and when its page is asked for a newer one.

const ASK_BEFORE_MS = 60_000;
const TOO_LATE_MS = 4_000;

// Unix milliseconds, or 0.
export function expiryOf(token) {
  try {
    const payload = token.split(".")[1].replace(/-/g, "+").replace(/_/g, "/");
    return (JSON.parse(atob(payload)).exp ?? 0) * 1000;
  } catch {
    return 0;
  }
}

// How long from now the page is asked, for a token that lives for so long: a minute before its end, or at half of its
// time where that is short, so that nobody is asked again and again.
export function askIn(livesMs) {
  return Math.max(0, livesMs - Math.min(ASK_BEFORE_MS, livesMs / 2));
}

// Whether a page that was just asked is asked again, at half of the time that is left, should it have no answer by then.
export function isAskedAgain(livesMs) {
  return livesMs > TOO_LATE_MS;
}
