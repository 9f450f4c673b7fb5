//! How often something happened within the last so many minutes.

use std::{collections::VecDeque, time::Duration};

use guard::Timestamp;

/// How often in each second: it is exact to the second, and no larger however often that is.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    /// In order, each once.
    seconds: VecDeque<(i64, u32)>,
}

impl Tally {
    /// Counts one more.
    pub(crate) fn add(&mut self, at: Timestamp) {
        let second = at.s();
        match self.seconds.binary_search_by_key(&second, |(second, _)| *second) {
            Ok(place) => {
                if let Some((_, times)) = self.seconds.get_mut(place) {
                    *times = times.saturating_add(1);
                }
            }
            Err(place) => self.seconds.insert(place, (second, 1)),
        }
    }

    /// How often, as far as it was not forgotten.
    pub(crate) fn times(&self) -> u32 {
        let each = self.seconds.iter().map(|(_, times)| *times);
        each.fold(0, u32::saturating_add)
    }

    /// Drops what is older.
    pub(crate) fn forget(&mut self, span: Duration, now: Timestamp) {
        let from = now.minus(span).s();
        while self.seconds.front().is_some_and(|(second, _)| *second < from) {
            self.seconds.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use guard::Timestamp;

    use super::Tally;

    #[test]
    fn each_is_counted_for_as_long_as_it_is_recent_and_a_second_takes_one_place() {
        let (minute, mut tally) = (Duration::from_mins(1), Tally::default());
        for ms in 0..120_000 {
            tally.add(Timestamp::from_ms(ms));
        }
        assert_eq!((tally.times(), tally.seconds.len()), (120_000, 120));
        tally.forget(minute, Timestamp::from_s(120));
        assert_eq!((tally.times(), tally.seconds.len()), (60_000, 60));
        tally.forget(minute, Timestamp::from_s(179));
        assert_eq!(tally.times(), 1_000);
        tally.forget(minute, Timestamp::from_s(180));
        assert_eq!(tally.times(), 0);
    }

    #[test]
    fn what_is_told_late_is_counted_for_when_it_was() {
        let mut tally = Tally::default();
        for second in [10, 8, 9, 8, 10] {
            tally.add(Timestamp::from_s(second));
        }
        assert_eq!(tally.times(), 5);
        tally.forget(Duration::from_secs(1), Timestamp::from_s(10));
        assert_eq!(tally.times(), 3, "two of them were at 8");
    }
}
