//! What a session's player says of how well it plays: bounded by what can be, and kept until it is told.
//!
//! A player is the viewer's, and may say anything. What it says counts for its own session alone, once where it can be
//! only once, and for no more time than has passed, but for a minute that a session before could not tell. A first picture
//! counts where it was set out for.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use link::Quality;
use serde::Deserialize;
use tokio::time::Instant;

/// A player's report, of the time since its last; what is missing was not.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct Report {
    attempt: bool,
    start_ms: Option<u32>,
    played_ms: u32,
    stalled_ms: u32,
    stalls: u32,
    latency_ms: Option<u32>,
    failures: Vec<Failure>,
}

/// What went wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
enum Failure {
    Lost,
    Media,
    Unsupported,
    /// What a later player may know.
    #[serde(other)]
    Unknown,
}

/// What the player of one session said.
#[derive(Debug, Default)]
pub(crate) struct Player(Mutex<Said>);

#[derive(Debug, Default)]
struct Said {
    /// What was not told yet.
    untold: Quality,
    /// What was told and is to be told, in all.
    all: Quality,
    /// When it said something for the first time.
    since: Option<Instant>,
}

impl Player {
    /// Takes a report in, as far as it can be true.
    pub(crate) fn hear(&self, report: &Report) {
        self.hear_at(Instant::now(), report);
    }

    fn hear_at(&self, now: Instant, report: &Report) {
        let mut said = self.lock();
        let passed = now
            .duration_since(*said.since.get_or_insert(now))
            .saturating_add(CARRIED);
        let room = millis(passed)
            .saturating_sub(said.all.played_ms)
            .saturating_sub(said.all.stalled_ms);
        let played_ms = report.played_ms.min(room);
        let stalled_ms = report.stalled_ms.min(room.saturating_sub(played_ms));
        let failed = |wanted| {
            let times = report.failures.iter().filter(|one| **one == wanted).count();
            u32::try_from(times).unwrap_or(u32::MAX)
        };
        let most = |all: u32, more: u32| more.min(MOST.saturating_sub(all));
        let all = &said.all;
        // Starts are compared with attempts: who never set out has not started.
        let set_out = report.attempt || all.attempt;
        let quality = Quality {
            attempt: report.attempt && !all.attempt,
            start_ms: report
                .start_ms
                .filter(|_| set_out && all.start_ms.is_none())
                .map(|ms| ms.min(millis(LONGEST))),
            played_ms,
            stalled_ms,
            stalls: most(all.stalls, report.stalls),
            latency_ms: report.latency_ms.map(|ms| ms.min(millis(LONGEST))),
            lost: most(all.lost, failed(Failure::Lost)),
            undecoded: most(all.undecoded, failed(Failure::Media)),
            unsupported: most(all.unsupported, failed(Failure::Unsupported)),
        };
        said.untold.add(&quality);
        said.all.add(&quality);
    }

    /// What was not told yet; from now on it was.
    pub(crate) fn take(&self) -> Option<Quality> {
        let untold = std::mem::take(&mut self.lock().untold);
        (!untold.is_empty()).then_some(untold)
    }

    /// What could not be told after all.
    pub(crate) fn put_back(&self, untold: Quality) {
        let mut said = self.lock();
        let later = std::mem::replace(&mut said.untold, untold);
        said.untold.add(&later);
    }

    fn lock(&self) -> MutexGuard<'_, Said> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn millis(time: Duration) -> u32 {
    u32::try_from(time.as_millis()).unwrap_or(u32::MAX)
}

/// What a player may carry over from a session before, which it could not tell there.
const CARRIED: Duration = Duration::from_mins(1);
/// The longest start and delay that are told.
const LONGEST: Duration = Duration::from_mins(2);
/// Of what can happen any number of times, in one session.
const MOST: u32 = 1_000;

#[cfg(test)]
mod tests {
    use super::*;

    fn report(json: &str) -> Report {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn a_session_starts_once_and_plays_hardly_longer_than_time_goes() {
        let (player, now) = (Player::default(), Instant::now());
        let huge = report(r#"{"attempt":true,"startMs":4000000000,"playedMs":4294967295,"stalledMs":4294967295}"#);
        player.hear_at(now, &huge);
        player.hear_at(now, &huge);
        let first = player.take().unwrap();
        assert_eq!((first.attempt, first.start_ms), (true, Some(120_000)));
        assert_eq!((first.played_ms, first.stalled_ms), (60_000, 0));
        let soon = now + Duration::from_secs(10);
        player.hear_at(soon, &huge);
        let later = player.take().unwrap();
        assert_eq!((later.attempt, later.start_ms), (false, None));
        assert_eq!((later.played_ms, later.stalled_ms), (10_000, 0));
        player.hear_at(soon, &huge);
        assert_eq!(player.take(), None);
    }

    #[test]
    fn a_start_counts_for_a_session_that_set_out_and_for_no_other() {
        let (player, now) = (Player::default(), Instant::now());
        player.hear_at(now, &report(r#"{"startMs":5}"#));
        assert_eq!(player.take(), None);
        player.hear_at(now, &report(r#"{"attempt":true}"#));
        player.hear_at(now, &report(r#"{"startMs":700}"#));
        let quality = player.take().unwrap();
        assert_eq!((quality.attempt, quality.start_ms), (true, Some(700)));
    }

    #[test]
    fn what_a_later_player_says_is_understood_as_far_as_it_can_be() {
        let player = Player::default();
        player.hear(&report(
            r#"{"failures":["LOST","LOST","MEDIA","UNSUPPORTED","MELTED"],"stalls":2,"mood":"bad"}"#,
        ));
        let quality = player.take().unwrap();
        assert_eq!(
            (quality.lost, quality.undecoded, quality.unsupported, quality.stalls),
            (2, 1, 1, 2)
        );
    }

    #[test]
    fn what_could_not_be_told_is_told_with_what_comes_then() {
        let player = Player::default();
        player.hear(&report(r#"{"attempt":true,"startMs":300}"#));
        let untold = player.take().unwrap();
        player.hear(&report(r#"{"stalls":1,"latencyMs":900}"#));
        player.put_back(untold);
        let quality = player.take().unwrap();
        assert_eq!(
            (quality.start_ms, quality.stalls, quality.latency_ms),
            (Some(300), 1, Some(900))
        );
    }
}
