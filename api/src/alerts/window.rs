//! Sums over a window that moves, and what is usual; bounded, whatever comes.

use std::{collections::VecDeque, time::Duration};

use guard::Timestamp;

/// What is added up: what counts, and of how much.
pub(super) type Sums = [f64; 2];

/// Sums over the time just gone, in sixty buckets at most.
#[derive(Clone, Debug)]
pub(super) struct Window {
    width_us: i64,
    many: i64,
    /// The number of a bucket, and what is in it; the oldest first.
    buckets: VecDeque<(i64, Sums)>,
}

/// Sums by the minute over the last hours.
#[derive(Clone, Debug)]
pub(super) struct History {
    minutes: Window,
    /// Since when it is known what happens here.
    since: Option<Timestamp>,
}

impl Window {
    pub(super) fn new(length: Duration) -> Self {
        let length_us = i64::try_from(length.as_micros()).unwrap_or(i64::MAX).max(1);
        let width_us = (length_us / BUCKETS).max(SECOND_US);
        Self {
            width_us,
            many: (length_us / width_us).max(1),
            buckets: VecDeque::new(),
        }
    }

    /// Adds something of that time; what is older than the window is not kept.
    pub(super) fn add(&mut self, at: Timestamp, more: Sums) {
        let number = self.number(at);
        if self.buckets.back().is_some_and(|(last, _)| number <= last - self.many) {
            return;
        }
        let place = self.buckets.iter().rposition(|(known, _)| *known <= number);
        match place {
            Some(place) if self.buckets[place].0 == number => merge(&mut self.buckets[place].1, more),
            Some(place) => self.buckets.insert(place + 1, (number, more)),
            None => self.buckets.push_front((number, more)),
        }
        // Clocks may run ahead: never more than the window has room for.
        while self.buckets.len() > usize::try_from(self.many + 1).unwrap_or(usize::MAX) {
            self.buckets.pop_front();
        }
    }

    /// The sums over the window that ends now.
    pub(super) fn sums(&mut self, now: Timestamp) -> Sums {
        let first = self.number(now) - self.many;
        while self.buckets.front().is_some_and(|(number, _)| *number <= first) {
            self.buckets.pop_front();
        }
        let mut sums = [0.0; 2];
        for (_, more) in &self.buckets {
            merge(&mut sums, *more);
        }
        sums
    }

    fn number(&self, at: Timestamp) -> i64 {
        at.us().div_euclid(self.width_us)
    }
}

impl History {
    /// Of what happened since then; none: since ever nothing did.
    pub(super) fn new(since: Option<Timestamp>) -> Self {
        let minutes = Window {
            width_us: MINUTE_US,
            many: MINUTES,
            buckets: VecDeque::new(),
        };
        Self { minutes, since }
    }

    /// Adds something of that time.
    pub(super) fn add(&mut self, at: Timestamp, more: Sums) {
        self.minutes.add(at, more);
        self.since = Some(self.since.map_or(at, |since| since.min(at)));
    }

    /// Keeps the highest of a minute, of what is a state and no sum.
    pub(super) fn sample(&mut self, at: Timestamp, value: f64) {
        let number = self.minutes.number(at);
        match self.minutes.buckets.back_mut() {
            Some((last, sums)) if *last == number => sums[0] = sums[0].max(value),
            _ => self.add(at, [value, 1.0]),
        }
    }

    /// What is usual within a window of that length: the median of those before the one that ends now, as `value` makes
    /// one of their sums. None as long as too little is known of what happens here.
    pub(super) fn usual(&self, now: Timestamp, window: Duration, value: impl Fn(Sums) -> Option<f64>) -> Option<f64> {
        let since = self.since.filter(|since| now.since(*since) >= KNOWN)?;
        let length = i64::try_from(window.as_secs().div_ceil(60)).unwrap_or(i64::MAX).max(1);
        // The window that ends now is what is compared.
        let newest = self.minutes.number(now) - length;
        let oldest = self.minutes.number(since).max(newest - MINUTES);
        let mut values = Vec::new();
        let mut end = newest;
        while end - length >= oldest {
            let mut sums = [0.0; 2];
            let within = self
                .minutes
                .buckets
                .iter()
                .filter(|(number, _)| *number > end - length && *number <= end);
            for (_, more) in within {
                merge(&mut sums, *more);
            }
            values.extend(value(sums));
            end -= length;
        }
        if end == newest {
            return None;
        }
        values.sort_by(f64::total_cmp);
        Some(values.get(values.len() / 2).copied().unwrap_or(0.0))
    }
}

fn merge(sums: &mut Sums, more: Sums) {
    for (sum, more) in sums.iter_mut().zip(more) {
        *sum += more;
    }
}

const SECOND_US: i64 = 1_000_000;
const MINUTE_US: i64 = 60 * SECOND_US;
const BUCKETS: i64 = 60;
/// Of how many minutes it is known what is usual.
const MINUTES: i64 = 6 * 60;
/// How long something has to be known before anything is called unusual.
const KNOWN: Duration = Duration::from_hours(1);

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_s(1_800_000_000 + seconds)
    }

    fn holds(window: &mut Window, now: Timestamp, wanted: Sums) {
        let sums = window.sums(now);
        let alike = sums
            .iter()
            .zip(&wanted)
            .all(|(sum, wanted)| sum.total_cmp(wanted).is_eq());
        assert!(alike, "{sums:?}, not {wanted:?}");
    }

    #[test]
    fn a_window_forgets_what_is_behind_it_and_takes_what_comes_late() {
        let mut window = Window::new(Duration::from_mins(1));
        window.add(at(0), [1.0, 1.0]);
        window.add(at(30), [1.0, 2.0]);
        window.add(at(10), [1.0, 3.0]);
        holds(&mut window, at(30), [3.0, 6.0]);
        holds(&mut window, at(60), [2.0, 5.0]);
        holds(&mut window, at(89), [1.0, 2.0]);
        holds(&mut window, at(90), [0.0, 0.0]);
        window.add(at(200), [1.0, 1.0]);
        window.add(at(100), [9.0, 9.0]);
        holds(&mut window, at(200), [1.0, 1.0]);
    }

    #[test]
    fn a_window_of_a_day_has_no_more_buckets_than_one_of_a_minute() {
        let mut window = Window::new(Duration::from_hours(24));
        for second in 0..100_000 {
            window.add(at(second), [1.0, 0.0]);
        }
        assert!(window.buckets.len() <= 61, "{}", window.buckets.len());
        let within = window.sums(at(99_999))[0];
        assert!((84_000.0..=87_900.0).contains(&within), "{within}");
    }

    #[test]
    fn what_is_usual_is_the_median_of_windows_before_and_nothing_is_on_the_first_hour() {
        let first = |sums: Sums| Some(sums[0]);
        let window = Duration::from_mins(5);
        let mut history = History::new(None);
        assert_eq!(history.usual(at(0), window, first), None);
        for minute in 0..50 {
            history.add(at(minute * 60), [10.0, 0.0]);
        }
        assert_eq!(history.usual(at(50 * 60), window, first), None);
        for minute in 50..120 {
            history.add(at(minute * 60), [10.0, 0.0]);
        }
        // A storm of five minutes changes nothing.
        for minute in 120..125 {
            history.add(at(minute * 60), [5000.0, 0.0]);
        }
        assert_eq!(history.usual(at(124 * 60), window, first), Some(50.0));
        // Where nothing happens for long, nothing is usual: that is known.
        assert_eq!(history.usual(at(10 * 3600), window, first), Some(0.0));
    }
}
