//! How many there were at once, exactly.

use guard::Timestamp;

/// A stay: from its beginning to its end, which is not part of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// Its beginning.
    pub from: Timestamp,
    /// Its end.
    pub to: Timestamp,
}

/// The greatest number of spans that share a moment. One that ends when another begins is not beside it; an empty one is
/// beside nobody, and alone.
///
/// # Examples
/// ```
/// use guard::Timestamp;
/// use misuse::{Span, most_at_once};
///
/// let span = |from, to| Span { from: Timestamp::from_s(from), to: Timestamp::from_s(to) };
/// assert_eq!(most_at_once([span(0, 10), span(5, 15), span(10, 20)]), 2);
/// ```
pub fn most_at_once(spans: impl IntoIterator<Item = Span>) -> u32 {
    let mut any = 0;
    // An end comes before a beginning of the same moment.
    let mut turns: Vec<(Timestamp, bool)> = Vec::new();
    for Span { from, to } in spans {
        any = 1;
        if to > from {
            turns.extend([(from, true), (to, false)]);
        }
    }
    turns.sort_unstable();
    let (mut now, mut most) = (0_u32, any);
    for (_, begins) in turns {
        now = if begins {
            now.saturating_add(1)
        } else {
            now.saturating_sub(1)
        };
        most = most.max(now);
    }
    most
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn span(from: i64, to: i64) -> Span {
        Span {
            from: Timestamp::from_s(from),
            to: Timestamp::from_s(to),
        }
    }

    #[test]
    fn ends_and_beginnings_of_one_moment_are_not_at_once() {
        assert_eq!(most_at_once([]), 0);
        assert_eq!(most_at_once([span(3, 3)]), 1);
        assert_eq!(most_at_once([span(0, 5), span(5, 9)]), 1);
        assert_eq!(most_at_once([span(0, 6), span(5, 9), span(5, 6)]), 3);
    }

    proptest! {
        /// Against asking each moment.
        #[test]
        fn it_is_the_most_of_all_moments(spans in prop::collection::vec((0_i64..40, 0_i64..20), 0..30)) {
            let spans: Vec<_> = spans.into_iter().map(|(from, long)| span(from, from + long)).collect();
            let moments = (0..60).map(Timestamp::from_s);
            let most = moments.map(|at| spans.iter().filter(|span| span.from <= at && at < span.to).count()).max();
            let least = usize::from(!spans.is_empty());
            prop_assert_eq!(most_at_once(spans.iter().copied()) as usize, most.unwrap_or(0).max(least));
        }
    }
}
