//! What is usual in an organisation: from where and from which pages people watch.

use std::{collections::HashMap, sync::Arc};

use guard::Country;

/// Countries and pages, by how many tokens and addresses were seen with each. Whoever is seen with one again is not
/// counted again: a thief with many sessions makes nothing usual.
#[derive(Debug, Default)]
pub(crate) struct Usual {
    countries: Shares<Country>,
    /// Nothing stands for players that tell none.
    referrers: Shares<Option<Arc<str>>>,
}

#[derive(Debug)]
struct Shares<T> {
    all: u32,
    of: HashMap<T, u32>,
}

impl<T> Default for Shares<T> {
    fn default() -> Self {
        Self {
            all: 0,
            of: HashMap::new(),
        }
    }
}

impl Usual {
    pub(crate) fn met_country(&mut self, country: Country) {
        self.countries.met(country);
    }

    pub(crate) fn met_referrer(&mut self, referrer: Option<Arc<str>>) {
        self.referrers.met(referrer);
    }

    /// Whether hardly anybody comes from a country.
    pub(crate) fn is_rare_country(&self, country: Country) -> bool {
        self.countries.is_rare(&country)
    }

    /// Whether hardly anybody comes from a page, or from none.
    pub(crate) fn is_rare_referrer(&self, referrer: Option<&Arc<str>>) -> bool {
        self.referrers.is_rare(&referrer.cloned())
    }
}

impl<T: std::hash::Hash + Eq> Shares<T> {
    fn met(&mut self, thing: T) {
        if self.of.len() >= KINDS && !self.of.contains_key(&thing) {
            self.of.retain(|_, times| *times > 1);
        }
        if self.of.len() < KINDS || self.of.contains_key(&thing) {
            let times = self.of.entry(thing).or_insert(0);
            *times = times.saturating_add(1);
        }
        self.all = self.all.saturating_add(1);
        // What was usual long ago counts for less and less.
        if self.all >= MEMORY {
            self.all = 0;
            self.of.retain(|_, times| {
                *times = times.div_euclid(2);
                self.all = self.all.saturating_add(*times);
                *times > 0
            });
        }
    }

    fn is_rare(&self, thing: &T) -> bool {
        let times = self.of.get(thing).copied().unwrap_or(0);
        self.all >= ENOUGH && times.saturating_mul(RARE) < self.all
    }
}

/// Before so many were seen, nothing is unusual.
const ENOUGH: u32 = 200;
/// What fewer than one in so many have is unusual.
const RARE: u32 = 100;
/// How many are remembered whole.
const MEMORY: u32 = 1_000_000;
/// How many pages are told apart: whoever sends another with each request fills nothing.
const KINDS: usize = 20_000;

#[cfg(test)]
mod tests {
    use std::{collections::HashMap, sync::Arc};

    use guard::Country;

    use super::{KINDS, MEMORY, Shares, Usual};

    fn met(shares: &mut Shares<u32>, thing: u32, times: u32) {
        for _ in 0..times {
            shares.met(thing);
        }
    }

    #[test]
    fn nothing_is_unusual_before_two_hundred_were_seen() {
        let mut shares = Shares::default();
        met(&mut shares, 1, 199);
        assert!(!shares.is_rare(&2));
        met(&mut shares, 1, 1);
        assert!(shares.is_rare(&2));
        assert!(!shares.is_rare(&1));
    }

    #[test]
    fn what_fewer_than_one_in_a_hundred_have_is_unusual() {
        let mut shares = Shares::default();
        met(&mut shares, 1, 297);
        met(&mut shares, 2, 2);
        assert!(shares.is_rare(&2), "2 of 299");
        met(&mut shares, 2, 1);
        assert!(!shares.is_rare(&2), "3 of 300");
        met(&mut shares, 1, 1);
        assert!(shares.is_rare(&2), "3 of 301");
    }

    #[test]
    fn what_was_usual_long_ago_counts_for_less_and_less() {
        let mut shares = Shares {
            all: MEMORY - 1,
            of: HashMap::from([(1, 30_001), (2, MEMORY - 1 - 30_002), (3, 1)]),
        };
        met(&mut shares, 2, 1);
        assert_eq!((shares.all, shares.of[&1]), (499_999, 15_000), "all are halved");
        assert!(!shares.of.contains_key(&3), "and who was seen once is forgotten");
        // Nobody has it any more: of all who came it is more than 1 %, of what is remembered less.
        met(&mut shares, 2, 500_001);
        assert_eq!(shares.of[&1], 7_500);
        met(&mut shares, 2, 300_000);
        assert!(shares.is_rare(&1), "{} of {}", shares.of[&1], shares.all);
    }

    #[test]
    fn pages_that_come_once_each_fill_nothing_and_displace_nothing() {
        let mut shares = Shares::default();
        met(&mut shares, 0, 1_000);
        for page in 1..=50_000 {
            shares.met(page);
            assert!(shares.of.len() <= KINDS);
        }
        assert_eq!(shares.of[&0], 1_000);
    }

    #[test]
    fn no_page_is_a_page_of_its_own_and_countries_are_counted_apart() {
        let mut usual = Usual::default();
        let page: Arc<str> = "shop.example".into();
        let [germany, austria] = ["DE", "AT"].map(|code| code.parse::<Country>().unwrap());
        for _ in 0..200 {
            usual.met_referrer(None);
        }
        assert!(!usual.is_rare_referrer(None));
        assert!(usual.is_rare_referrer(Some(&page)));
        assert!(!usual.is_rare_country(germany), "no country was seen");
        for _ in 0..200 {
            usual.met_country(germany);
        }
        assert!(!usual.is_rare_country(germany));
        assert!(usual.is_rare_country(austria));
    }
}
