//! Where an address is: country and network, as far as somebody looked them up.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::text::as_text;

/// A country, by its code of ISO 3166-1 alpha-2.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Country([u8; 2]);

/// An autonomous system, by its number.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Asn(u32);

/// What is known of an address; nothing is guessed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// The country, where it is known.
    pub country: Option<Country>,
    /// The network, where it is known.
    pub asn: Option<Asn>,
}

/// A text that is no country or network.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PlaceError {
    /// Not in the list.
    #[error("`{0}` is not a country's code of ISO 3166-1 alpha-2, such as DE")]
    Country(String),
    /// Not a number that a network has.
    #[error("`{0}` is not a network's number, such as 64500 or AS64500")]
    Asn(String),
}

impl Country {
    /// All of them, in the order of their codes.
    pub fn all() -> impl Iterator<Item = Self> {
        let codes = CODES.split_ascii_whitespace();
        codes.filter_map(|code| code.as_bytes().try_into().ok().map(Self))
    }

    /// The two letters.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl FromStr for Country {
    type Err = PlaceError;

    fn from_str(text: &str) -> Result<Self, PlaceError> {
        let code = text.trim().to_ascii_uppercase();
        Self::all()
            .find(|known| known.0 == code.as_bytes())
            .ok_or_else(|| PlaceError::Country(text.chars().take(16).collect()))
    }
}

impl Asn {
    /// The network of that number.
    pub const fn new(number: u32) -> Self {
        Self(number)
    }

    /// The number.
    pub const fn number(self) -> u32 {
        self.0
    }
}

impl FromStr for Asn {
    type Err = PlaceError;

    fn from_str(text: &str) -> Result<Self, PlaceError> {
        let digits = text.trim();
        let digits = digits
            .strip_prefix("AS")
            .or_else(|| digits.strip_prefix("as"))
            .unwrap_or(digits);
        let wrong = || PlaceError::Asn(text.chars().take(16).collect());
        if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(wrong());
        }
        // Zero is nobody's (RFC 7607).
        digits
            .parse()
            .ok()
            .filter(|number| *number > 0)
            .map(Self)
            .ok_or_else(wrong)
    }
}

impl fmt::Display for Country {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for Country {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Display for Asn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for Asn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

as_text!(Country);
as_text!(Asn);

/// ISO 3166-1 alpha-2, and Kosovo's code that everybody uses.
const CODES: &str = "AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT \
    BV BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ \
    FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS \
    IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN \
    MO MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW \
    PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN \
    TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS XK YE YT ZA ZM ZW";

#[cfg(test)]
mod tests {
    use super::{Asn, Country};

    #[test]
    fn countries_are_those_of_the_list() {
        let all: Vec<_> = Country::all().collect();
        assert_eq!(all.len(), 249 + 1);
        assert!(all.is_sorted_by(|one, next| one < next), "each is there once");
        for one in all {
            assert_eq!(one.as_str().parse(), Ok(one));
        }
        assert_eq!("de".parse::<Country>().unwrap().as_str(), "DE");
        for wrong in ["", "D", "DEU", "XX", "UK", "ÄÖ", "none", "*", "D E"] {
            assert!(wrong.parse::<Country>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn networks_are_numbers() {
        assert_eq!("AS64500".parse(), Ok(Asn::new(64500)));
        assert_eq!(" 4294967295".parse(), Ok(Asn::new(u32::MAX)));
        for wrong in ["", "AS", "0", "-1", "+1", "4294967296", "AS 1", "1.5", "none"] {
            assert!(wrong.parse::<Asn>().is_err(), "{wrong}");
        }
    }
}
