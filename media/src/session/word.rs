//! What a customer's backend said of somebody, and when it is asked again: so early that the answer comes before the
//! word ends, also where answers take long.

use std::time::Duration;

use guard::{Timestamp, Verdict};

/// An answer of a backend.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Word {
    pub(crate) verdict: Verdict,
    /// Before the question went out.
    pub(crate) asked: Timestamp,
    /// When the backend is asked again; never where it let in without an end.
    pub(crate) again: Option<Timestamp>,
}

impl Word {
    /// What was asked for at `asked`, and answered at `answered`.
    pub(crate) fn new(verdict: Verdict, asked: Timestamp, answered: Timestamp) -> Self {
        let again = match verdict {
            Verdict::Allowed { until } => until.map(|until| again(asked, answered, until)),
            Verdict::Denied | Verdict::Unavailable => None,
        };
        Self { verdict, asked, again }
    }
}

/// In the last quarter of the word, or as long before its end as the answer took and [`SPARE`]; not long before its end,
/// and not before a quarter of it is over, within which a crowd is one question.
fn again(asked: Timestamp, answered: Timestamp, until: Timestamp) -> Timestamp {
    let needed = answered.since(asked).saturating_add(SPARE);
    let ahead = needed.max(until.since(asked) / 4).min(AHEAD);
    until.minus(ahead.min(until.since(answered) / 4 * 3))
}

/// How long before the end of its word a backend is asked again at most; longer than an answer may take.
const AHEAD: Duration = Duration::from_secs(5);
/// Whoever comes in right before a word is asked for again is looked at within a second; and an answer may take a
/// little longer than the last.
const SPARE: Duration = Duration::from_millis(1_250);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_backend_is_asked_again_so_early_that_its_answer_comes_in_time_and_five_seconds_before_its_end_at_most() {
        let asked = Timestamp::from_s(1_000);
        for (takes, lasts, after) in [
            // In the last quarter, five seconds before the end at most.
            (0, 6_000, 4_500),
            (0, 10_000, 7_500),
            (0, 20_000, 15_000),
            (0, 300_000, 295_000),
            // In time for an answer that takes as long again.
            (0, 4_000, 2_750),
            (1_500, 4_000, 1_250),
            (1_500, 10_000, 7_125),
            (3_000, 8_000, 3_750),
            (3_000, 60_000, 55_000),
            (6_000, 10_000, 5_000),
            // Not before a quarter of it is over.
            (0, 1_000, 250),
            (1_500, 3_000, 750),
            (1_500, 0, 0),
        ] {
            let span = Duration::from_millis;
            let answered = asked.plus(span(takes));
            let until = Some(answered.plus(span(lasts)));
            let again = Word::new(Verdict::Allowed { until }, asked, answered).again;
            assert_eq!(again, Some(answered.plus(span(after))), "{takes} {lasts}");
        }
    }
}
