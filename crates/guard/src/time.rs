//! A moment, as the decision is told it.

use std::{fmt, time::Duration};

use serde::{Deserialize, Serialize};

/// Microseconds since 1970-01-01 UTC.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Timestamp(i64);

impl Timestamp {
    /// The moment `us` microseconds after 1970.
    pub const fn from_us(us: i64) -> Self {
        Self(us)
    }

    /// The moment `ms` milliseconds after 1970; saturates.
    pub const fn from_ms(ms: i64) -> Self {
        Self(ms.saturating_mul(1_000))
    }

    /// The moment `s` seconds after 1970; saturates.
    pub const fn from_s(s: i64) -> Self {
        Self(s.saturating_mul(1_000_000))
    }

    /// Microseconds since 1970.
    pub const fn us(self) -> i64 {
        self.0
    }

    /// Milliseconds since 1970, rounded down.
    pub const fn ms(self) -> i64 {
        self.0.div_euclid(1_000)
    }

    /// Seconds since 1970, rounded down.
    pub const fn s(self) -> i64 {
        self.0.div_euclid(1_000_000)
    }

    /// `self` and `span` later; saturates.
    #[must_use]
    pub fn plus(self, span: Duration) -> Self {
        Self(
            self.0
                .saturating_add(i64::try_from(span.as_micros()).unwrap_or(i64::MAX)),
        )
    }

    /// `self` and `span` earlier; saturates.
    #[must_use]
    pub fn minus(self, span: Duration) -> Self {
        Self(
            self.0
                .saturating_sub(i64::try_from(span.as_micros()).unwrap_or(i64::MAX)),
        )
    }

    /// How long from `earlier` to `self`; zero if it is not earlier.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_micros(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }
}

/// To the second, as RFC 3339 in UTC; what lies outside of its four digits of years, in unix seconds.
impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let s = self.s();
        let Some((year, month, day)) = civil(s.div_euclid(DAY_S)) else {
            return write!(f, "{s} s");
        };
        let of_day = s.rem_euclid(DAY_S);
        let (hour, minute, second) = (
            of_day.div_euclid(3_600),
            of_day.rem_euclid(3_600).div_euclid(60),
            of_day.rem_euclid(60),
        );
        write!(f, "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
    }
}

/// Year, month and day of the Gregorian calendar, of a day by its number since 1970; none outside of the years 0 to 9999.
///
/// Counted in years that begin with March, so that the leap day is the last one, and in eras of 400 years, after which
/// the calendar repeats itself.
fn civil(since_1970: i64) -> Option<(i64, i64, i64)> {
    let days = since_1970.checked_add(MARCH_0_TO_1970)?;
    let (era, of_era) = (days.div_euclid(ERA), days.rem_euclid(ERA));
    // A leap day each 4 years, none each 100, one each 400.
    let leap_days = of_era
        .div_euclid(1_460)
        .checked_sub(of_era.div_euclid(36_524))?
        .checked_add(of_era.div_euclid(146_096))?;
    let year_of_era = of_era.checked_sub(leap_days)?.div_euclid(365);
    let before_year = year_of_era
        .checked_mul(365)?
        .checked_add(year_of_era.div_euclid(4))?
        .checked_sub(year_of_era.div_euclid(100))?;
    let of_year = of_era.checked_sub(before_year)?;
    // Five months from March on have 153 days, and so have those from August on.
    let month = of_year.checked_mul(5)?.checked_add(2)?.div_euclid(153);
    let before_month = month.checked_mul(153)?.checked_add(2)?.div_euclid(5);
    let day = of_year.checked_sub(before_month)?.checked_add(1)?;
    let (turn, month) = if month < 10 {
        (0, month.checked_add(3)?)
    } else {
        (1, month.checked_sub(9)?)
    };
    let year = era.checked_mul(400)?.checked_add(year_of_era)?.checked_add(turn)?;
    (0..=9_999).contains(&year).then_some((year, month, day))
}

const DAY_S: i64 = 86_400;
/// Days of 400 years.
const ERA: i64 = 146_097;
/// Days from 0000-03-01 to 1970-01-01.
const MARCH_0_TO_1970: i64 = 719_468;

#[cfg(test)]
mod tests {
    use super::Timestamp;

    #[test]
    fn moments_read_as_in_rfc_3339() {
        for (s, text) in [
            (0, "1970-01-01T00:00:00Z"),
            (951_782_399, "2000-02-28T23:59:59Z"),
            (951_782_400, "2000-02-29T00:00:00Z"),
            (951_868_800, "2000-03-01T00:00:00Z"),
            (1_709_164_800, "2024-02-29T00:00:00Z"),
            (4_107_542_399, "2100-02-28T23:59:59Z"),
            (4_107_542_400, "2100-03-01T00:00:00Z"),
            (1_795_910_401, "2026-11-29T00:00:01Z"),
            (-1, "1969-12-31T23:59:59Z"),
            (253_402_300_799, "9999-12-31T23:59:59Z"),
            (253_402_300_800, "253402300800 s"),
        ] {
            assert_eq!(Timestamp::from_s(s).to_string(), text);
        }
        for us in [i64::MIN, i64::MAX] {
            assert!(Timestamp::from_us(us).to_string().ends_with(" s"));
        }
    }
}
