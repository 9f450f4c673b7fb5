//! Times of 32 bits, which wrap after 49 days, made into times that do not.

/// One connection's times.
#[derive(Clone, Copy, Debug, Default)]
pub struct Timeline {
    last: Option<(u32, i64)>,
}

impl Timeline {
    /// Milliseconds on a line that neither wraps nor jumps by more than half of 2³²; a first time is taken as it is.
    pub const fn unwrap(&mut self, timestamp: u32) -> i64 {
        let ms = match self.last {
            None => timestamp as i64,
            Some((last, ms)) => ms.saturating_add(timestamp.wrapping_sub(last).cast_signed() as i64),
        };
        self.last = Some((timestamp, ms));
        ms
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_goes_on_across_the_wrap_and_may_step_back() {
        let mut timeline = Timeline::default();
        let times = [u32::MAX - 20, u32::MAX, 19, 5, u32::MAX - 1, 40];
        let ms: Vec<_> = times
            .into_iter()
            .map(|time| timeline.unwrap(time) - (1 << 32))
            .collect();
        assert_eq!(ms, [-21, -1, 19, 5, -2, 40]);
    }
}
