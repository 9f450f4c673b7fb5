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
