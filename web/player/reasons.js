// What a closed door means: for the player (try again, wait, or stop) and for the person in front of it.
// The names and codes are the server's and stay; a refusal is never retried by the player itself.

const ASK = "Ask whoever gave you the link for a new one.";
const HELP = "If you should have access, pass the code below on to the support of this site.";

// reason: [close code, sentence, what to do, whether a person may try again]
const REFUSALS = {
  TOKEN_MISSING: [4401, "This stream needs a token.", ASK],
  TOKEN_MALFORMED: [4410, "The token is damaged.", "The link may have been cut when it was copied. " + ASK],
  TOKEN_KEY: [4411, "The token was not made for this stream.", HELP],
  TOKEN_SIGNATURE: [4412, "The token was changed after it was made.", ASK],
  TOKEN_AUDIENCE: [4413, "The token is not for watching.", HELP],
  TOKEN_NOT_YET_VALID: [4414, "Your access has not begun yet.", "Come back at the time you were given.", true],
  TOKEN_EXPIRED: [4415, "Your access has expired.", ASK],
  TOKEN_REVOKED: [4416, "Your access was withdrawn.", HELP],
  TOKEN_USED: [4417, "This link was already used.", ASK],
  TOKEN_USER_BANNED: [4418, "This viewer is barred from the stream.", HELP],
  TOKEN_SCOPE: [4420, "The token is for another stream.", HELP],
  TOKEN_IP: [4421, "The token is not valid from your network address.", "A VPN or another network may be the cause.", true],
  TOKEN_DOMAIN: [4422, "The stream may not be shown on this site.", HELP],
  TOKEN_COUNTRY: [4423, "The stream is not available in your country.", HELP],
  TOKEN_ASN: [4424, "The stream is not available in your network.", "A VPN or a hosting network may be the cause.", true],
  TOKEN_USER_AGENT: [4425, "The token is for another player.", HELP],
  TOKEN_BOUND: [4426, "The token is in use from other addresses.", HELP],
  TOKEN_MFA: [4427, "The stream asks for a sign-in with a second factor.", HELP],
  GUARDIAN_IP: [4430, "Your network address is blocked.", HELP],
  GUARDIAN_ASN: [4431, "Your network is blocked.", "A VPN or a hosting network may be the cause.", true],
  GUARDIAN_COUNTRY: [4432, "The stream is not available in your country.", HELP],
  GUARDIAN_REFERRER: [4433, "The stream may not be shown on this site.", HELP],
  GUARDIAN_USER_AGENT: [4434, "The stream may not be played with this browser.", HELP],
  SESSION_LIMIT: [4440, "You are watching in too many places at once.", "Close the stream elsewhere, then try again.", true],
  VIEWER_LIMIT: [4441, "The stream is full.", "Try again when somebody has left.", true],
  THROTTLED: [4442, "Too many attempts from your address.", "Wait a few minutes, then try again.", true],
  BACKEND_DENIED: [4450, "The broadcaster did not let you in.", HELP],
  BACKEND_UNAVAILABLE: [4451, "The broadcaster's sign-in does not answer.", "Try again in a moment.", true],
  SESSION_ENDED: [4460, "The broadcaster ended your session.", HELP],
  STREAM_UNKNOWN: [4404, "There is no such stream.", "Check the link."],
  STREAM_LOCKED: [4461, "The broadcaster has locked this stream.", HELP],
  STREAM_STOPPED: [0, "The broadcaster has stopped this stream.", HELP],
  ORIGIN_ONLY: [4472, "This server does not serve viewers directly.", HELP],
  ORGANISATION_SUSPENDED: [4470, "The broadcaster's service is suspended.", HELP],
  PACKAGE_REQUIRED: [4471, "The broadcaster's service does not include this.", HELP],
};

const BY_CODE = new Map(Object.entries(REFUSALS).map(([reason, [code]]) => [code, reason]));
const ENDED = 4000;
const OFFLINE = 4405;
const NOT_READY = 4490;
const STATUS_REASON = { 401: "TOKEN_MISSING", 403: "REFUSED", 404: "STREAM_UNKNOWN", 429: "THROTTLED" };

// → { kind: "refused" | "waiting" | "lost", reason, code }
export function ofClose(code, text) {
  if (code === ENDED) return { kind: "waiting", reason: "STREAM_ENDED", code };
  if (code === OFFLINE) return { kind: "waiting", reason: "STREAM_OFFLINE", code };
  if (code === NOT_READY || code < 4400 || code > 4499) return { kind: "lost", reason: "", code };
  const reason = /^[A-Z][A-Z_]{2,40}$/.test(text) ? text : (BY_CODE.get(code) ?? "REFUSED");
  return { kind: "refused", reason, code };
}

// → the same shape, from an HTTP answer's status and its `x-deny-reason`; null where it lets pass.
export function ofStatus(status, header) {
  if (status < 400) return null;
  const reason = header || STATUS_REASON[status] || "";
  if (reason === "STREAM_OFFLINE" || reason === "STREAM_ENDED") return { kind: "waiting", reason, code: OFFLINE };
  if (status >= 500 || reason === "" || reason === "NOT_READY") return { kind: "lost", reason, code: status };
  return { kind: "refused", reason, code: REFUSALS[reason]?.[0] || status };
}

// → the id under which the broadcaster finds why it was refused; empty where it is none.
export function decisionId(text) {
  return /^dec_[0-9a-z]{1,40}$/i.test(text ?? "") ? text : "";
}

// → { sentence, hint, again }: what a person reads, and whether trying again by hand makes sense.
export function explain(reason) {
  const [, sentence, hint, again = false] = REFUSALS[reason] ?? [0, "You may not watch this stream.", HELP];
  return { sentence, hint, again };
}
