// What the player promises about timing and refusals. Run by `npm test`.

import assert from "node:assert/strict";
import test from "node:test";

import { Backoff } from "./backoff.js";
import { askIn, expiryOf, isAskedAgain } from "./expiry.js";
import { LONGEST_TARGET_S, TARGET_S, Target, pace } from "./pace.js";
import { Quality } from "./quality.js";
import { decisionId, explain, ofClose, ofStatus } from "./reasons.js";
import { Tokens } from "./tokens.js";

const at = (position, ranges, rate = 1) => pace({ position, ranges, target: TARGET_S, rate });
const range = (start, end) => ({ start, end });

test("a_player_near_live_is_left_alone", () => {
  assert.deepEqual(at(9, [range(0, 10)]), { rate: 1, seek: null, behind: 1 });
});

test("a_player_a_little_late_is_nudged_until_the_target_is_met", () => {
  assert.equal(at(8.5, [range(0, 10)]).rate, 1.05);
  assert.equal(at(8.8, [range(0, 10)], 1.05).rate, 1.05);
  assert.equal(at(9, [range(0, 10)], 1.05).rate, 1);
});

test("a_player_far_behind_jumps_to_the_target", () => {
  assert.equal(at(3, [range(0, 10)]).seek, 9);
});

test("a_player_that_just_began_jumps_rather_than_nudges", () => {
  const began = { position: 8, ranges: [range(0, 10)], target: TARGET_S, rate: 1, jump: 0.5 };
  assert.equal(pace(began).seek, 9);
});

test("a_gap_is_jumped_and_never_waited_on", () => {
  assert.equal(at(4.95, [range(0, 5), range(7, 7.5)]).seek, 7);
  assert.equal(at(5.5, [range(0, 5), range(6, 9)]).seek, 8);
});

test("a_player_that_ran_dry_waits_and_a_timeline_that_went_back_is_followed", () => {
  assert.equal(at(10.2, [range(0, 10)]).seek, null);
  assert.equal(at(500, [range(0, 10)]).seek, 9);
});

test("stalls_move_the_target_away_and_calm_brings_it_back", () => {
  const target = new Target();
  for (let i = 0; i < 20; i += 1) target.stalled();
  assert.equal(target.seconds, LONGEST_TARGET_S);
  target.calm(1000);
  assert.equal(target.seconds, TARGET_S);
});

test("attempts_spread_and_grow_to_a_bound", () => {
  const low = new Backoff(() => 0);
  const high = new Backoff(() => 1);
  const waits = Array.from({ length: 8 }, () => [low.next(), high.next()]);
  assert.deepEqual(waits[0], [250, 500]);
  assert.deepEqual(waits.at(-1), [7500, 15000]);
});

test("the_page_is_asked_for_a_newer_token_in_time_and_not_again_and_again", () => {
  assert.equal(askIn(600_000), 540_000);
  assert.equal(askIn(10_000), 5_000);
  assert.equal(askIn(-5), 0);
  const asked = [];
  for (let left = 600_000; asked.length < 20; ) {
    left -= askIn(left);
    asked.push(left);
    if (!isAskedAgain(left)) break;
  }
  assert.deepEqual(asked, [60_000, 30_000, 15_000, 7_500, 3_750]);
  const payload = btoa(JSON.stringify({ exp: 1_800_000_000 }));
  assert.equal(expiryOf(`a.${payload}.c`), 1_800_000_000_000);
  assert.equal(expiryOf("h_abc"), 0);
});

test("a_refusal_is_told_by_name_and_by_code", () => {
  assert.deepEqual(ofClose(4416, "TOKEN_REVOKED"), { kind: "refused", reason: "TOKEN_REVOKED", code: 4416 });
  assert.equal(ofClose(4416, "").reason, "TOKEN_REVOKED");
  assert.equal(ofClose(4499, "").kind, "refused");
  assert.equal(ofStatus(403, "TOKEN_EXPIRED").code, 4415);
  assert.equal(decisionId("dec_01K0ABCDEF"), "dec_01K0ABCDEF");
  for (const nothing of [null, undefined, 7, "", "dec_", "dec_<b>", "TOKEN"]) assert.equal(decisionId(nothing), "");
});

test("only_an_absent_broadcaster_or_a_lost_network_is_tried_again", () => {
  assert.equal(ofClose(4000, "STREAM_ENDED").kind, "waiting");
  assert.equal(ofClose(4405, "STREAM_OFFLINE").kind, "waiting");
  for (const code of [1000, 1001, 1006, 4490]) assert.equal(ofClose(code, "").kind, "lost");
  assert.equal(ofStatus(502, null).kind, "lost");
  assert.equal(ofStatus(200, null), null);
});

test("every_refusal_has_words_for_a_help_desk", () => {
  for (const reason of ["TOKEN_MISSING", "SESSION_ENDED", "SOMETHING_NEW"]) {
    const { sentence, hint } = explain(reason);
    assert.ok(sentence.endsWith(".") && hint.length > 10, reason);
  }
});

// A viewer's quality, and the clock that it is measured by.
function lived() {
  const clock = { ms: 0 };
  const quality = new Quality(() => clock.ms);
  const go = (ms) => {
    clock.ms += ms;
    return quality;
  };
  return { quality, go };
}

test("a_start_is_told_at_once_and_what_follows_every_ten_seconds", () => {
  const { quality, go } = lived();
  quality.enter("buffering");
  assert.equal(go(400).due(), false);
  quality.enter("playing");
  assert.equal(quality.due(), true);
  assert.deepEqual(quality.take(0), { attempt: true, startMs: 400 });
  assert.equal(go(9_999).due(), false);
  assert.equal(go(1).due(), true);
  assert.deepEqual(quality.take(1.2), { playedMs: 10_000, latencyMs: 1200 });
  assert.equal(quality.take(1.2), null);
});

test("standing_still_counts_from_the_first_picture_on_and_over_a_loss", () => {
  const { quality, go } = lived();
  quality.enter("buffering");
  go(500).enter("playing");
  go(1_000).enter("buffering");
  go(2_000).enter("reconnecting", "LOST");
  go(3_000).enter("buffering");
  go(100).enter("playing");
  go(1_000);
  const told = { attempt: true, startMs: 500, playedMs: 2_000, stalledMs: 5_100, stalls: 1, failures: ["LOST"] };
  assert.deepEqual(quality.take(0), told);
});

test("who_paused_or_waits_for_a_broadcaster_does_not_stand_still", () => {
  const { quality, go } = lived();
  go(500).enter("playing");
  go(1_000).enter("paused");
  go(60_000).enter("buffering");
  go(700).enter("playing");
  go(1_000).enter("waiting");
  go(60_000).enter("buffering");
  assert.deepEqual(go(50).take(0), { attempt: true, startMs: 500, playedMs: 2_000 });
});

test("who_has_to_press_play_first_is_no_slow_start_and_no_failed_one", () => {
  const { quality, go } = lived();
  quality.enter("buffering");
  go(300).enter("paused");
  assert.equal(go(60_000).due(), false);
  quality.enter("playing");
  assert.deepEqual(go(2_000).take(0), { playedMs: 2_000 });
  quality.enter("reconnecting", "LOST");
  assert.deepEqual(quality.take(0), { stalls: 1, failures: ["LOST"] });
});

test("a_picture_that_never_comes_is_told_as_an_attempt_and_its_failures_are_bounded", () => {
  const { quality, go } = lived();
  quality.enter("buffering");
  assert.equal(go(10_000).due(), true);
  assert.deepEqual(quality.take(0), { attempt: true });
  for (let i = 0; i < 50; i += 1) quality.enter("reconnecting", "LOST");
  assert.equal(go(10_000).take(0).failures.length, 10);
});

test("a_start_is_told_with_its_attempt_for_the_session_may_be_another_by_then", () => {
  const { quality, go } = lived();
  quality.enter("buffering");
  assert.deepEqual(go(10_000).take(0), { attempt: true });
  quality.enter("reconnecting", "LOST");
  go(500).enter("playing");
  assert.deepEqual(quality.take(0), { attempt: true, startMs: 10_500, failures: ["LOST"] });
});

test("a_newer_token_is_offered_once_the_one_before_is_answered_and_a_refused_one_is_none", () => {
  const tokens = new Tokens("a");
  assert.equal(tokens.offer(), null);
  tokens.renew("b");
  assert.equal(tokens.offer(), "b");
  tokens.renew("c");
  assert.equal(tokens.offer(), null);
  tokens.answered(false);
  assert.equal(tokens.current, "a");
  assert.equal(tokens.offer(), "c");
  tokens.answered(true);
  assert.deepEqual([tokens.current, tokens.hasNewer], ["c", false]);
});

test("a_token_that_nobody_answered_begins_the_next_session", () => {
  const tokens = new Tokens("a");
  tokens.renew("b"); // while the socket opens
  assert.equal(tokens.hasNewer, true);
  assert.equal(tokens.use(), "b");
  tokens.renew("c");
  tokens.offer();
  assert.equal(tokens.use(), "c"); // the socket was lost meanwhile
  tokens.renew("d");
  tokens.offer();
  tokens.unheard();
  assert.equal(tokens.offer(), "d");
  assert.equal(tokens.use(), "d");
  assert.equal(tokens.hasNewer, false);
});
