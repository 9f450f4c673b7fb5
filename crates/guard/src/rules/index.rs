//! All rules of an organisation, found by what they look for. Persistent: a change costs microseconds whatever there is.

use std::hash::Hash;

use ids::RuleId;
use ipnet::IpNet;
use rpds::HashTrieMapSync;

use super::{
    Aim, Kind, Matcher, Mode, Monitored, Rule,
    agents::Agents,
    entry::Entry,
    hosts::Hosts,
    search::{self, Asked, Verdict},
    spread::Spreading,
    trie::Trie,
    value::{ALL, MISSING, VALUE},
};
use crate::{
    Timestamp,
    agent::AgentPattern,
    host::{Host, HostPattern},
    place::{Asn, Country},
};

/// The rules of one organisation.
#[derive(Clone, Debug, Default)]
pub struct Rules {
    by_id: HashTrieMapSync<RuleId, Rule>,
    /// How many of them decide nothing and count.
    monitored: usize,
    four: Trie,
    six: Trie,
    asns: Aims<Values<Asn>>,
    countries: Aims<Values<Country>>,
    referrers: Aims<Hosts>,
    agents: Aims<Agents>,
}

/// The values of a kind, and its two words.
#[derive(Clone, Debug, Default)]
struct Aims<T> {
    all: Option<Entry>,
    missing: Option<Entry>,
    at: T,
}

type Values<T> = HashTrieMapSync<T, Entry, Spreading>;

impl Rules {
    /// The rule of that id.
    pub fn rule(&self, id: RuleId) -> Option<&Rule> {
        self.by_id.get(&id)
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.by_id.size()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.by_id.is_empty()
    }

    /// Every rule, in no order.
    pub fn iter(&self) -> impl Iterator<Item = &Rule> {
        self.by_id.values()
    }

    /// Adds a rule, in place of the one of its id.
    pub(crate) fn insert(&mut self, rule: &Rule) {
        self.remove(rule.id);
        self.monitored = self.monitored.saturating_add(usize::from(rule.mode == Mode::Monitor));
        self.edit(&rule.matcher, |place| Entry::add(place, rule.clone()));
        self.by_id.insert_mut(rule.id, rule.clone());
    }

    /// Takes a rule out.
    pub(crate) fn remove(&mut self, id: RuleId) {
        if let Some(rule) = self.by_id.get(&id).cloned() {
            self.by_id.remove_mut(&id);
            self.monitored = self.monitored.saturating_sub(usize::from(rule.mode == Mode::Monitor));
            self.edit(&rule.matcher, |place| Entry::remove(place, rule.scope, id));
        }
    }

    /// What the rules of a kind say; whom monitored ones are about is added.
    pub(crate) fn judge<'a>(
        &'a self,
        kind: Kind,
        asked: &'a Asked<'_>,
        now: Timestamp,
        monitored: &mut Vec<Monitored>,
    ) -> Verdict<'a> {
        let monitors = self.monitored > 0;
        match kind {
            Kind::Ip => {
                let trie = if asked.address.is_ipv4() { &self.four } else { &self.six };
                if trie.is_empty() {
                    return Verdict::default();
                }
                search::judge(asked, now, monitors, monitored, || {
                    trie.fits(asked.address)
                        .map(|(length, entry)| (u32::from(length), entry))
                })
            }
            Kind::Asn => self
                .asns
                .judge(asked, now, monitors, monitored, asked.place.asn.as_ref()),
            Kind::Country => self
                .countries
                .judge(asked, now, monitors, monitored, asked.place.country.as_ref()),
            Kind::Referrer => self.referrers.judge(asked, now, monitors, monitored, asked.referrer),
            Kind::UserAgent => self.agents.judge(asked, now, monitors, monitored, asked.agent),
        }
    }

    fn edit(&mut self, matcher: &Matcher, change: impl FnOnce(&mut Option<Entry>)) {
        match matcher {
            Matcher::Ip(network @ IpNet::V4(_)) => self.four.edit(*network, change),
            Matcher::Ip(network @ IpNet::V6(_)) => self.six.edit(*network, change),
            Matcher::Asn(aim) => self.asns.edit(aim, change),
            Matcher::Country(aim) => self.countries.edit(aim, change),
            Matcher::Referrer(aim) => self.referrers.edit(aim, change),
            Matcher::UserAgent(aim) => self.agents.edit(aim, change),
        }
    }
}

/// Where the entries of a kind's values stand.
trait Places {
    /// What a rule looks for.
    type Value;
    /// What a request has.
    type Shown: ?Sized;

    /// What stands for all that the request's fits, with how specific it is, the most specific first.
    fn fits<'a>(&'a self, shown: &'a Self::Shown) -> impl Iterator<Item = (u32, &'a Entry)>;
    fn change(&mut self, value: &Self::Value, change: impl FnOnce(&mut Option<Entry>));
    fn are_empty(&self) -> bool;
}

impl<V: Clone + Eq + Hash> Places for Values<V> {
    type Value = V;
    type Shown = V;

    fn fits<'a>(&'a self, shown: &'a V) -> impl Iterator<Item = (u32, &'a Entry)> {
        // Hashing is all that this costs.
        let entry = (!self.is_empty()).then(|| self.get(shown)).flatten();
        entry.into_iter().map(|entry| (0, entry))
    }

    fn change(&mut self, value: &V, change: impl FnOnce(&mut Option<Entry>)) {
        let mut entry = self.get(value).cloned();
        change(&mut entry);
        match entry {
            Some(entry) => self.insert_mut(value.clone(), entry),
            None => _ = self.remove_mut(value),
        }
    }

    fn are_empty(&self) -> bool {
        self.is_empty()
    }
}

impl Places for Hosts {
    type Value = HostPattern;
    type Shown = Host;

    fn fits<'a>(&'a self, shown: &'a Host) -> impl Iterator<Item = (u32, &'a Entry)> {
        self.fits(shown)
    }

    fn change(&mut self, value: &HostPattern, change: impl FnOnce(&mut Option<Entry>)) {
        self.edit(value, change);
    }

    fn are_empty(&self) -> bool {
        self.is_empty()
    }
}

impl Places for Agents {
    type Value = AgentPattern;
    type Shown = str;

    fn fits<'a>(&'a self, shown: &'a str) -> impl Iterator<Item = (u32, &'a Entry)> {
        self.fits(shown)
    }

    fn change(&mut self, value: &AgentPattern, change: impl FnOnce(&mut Option<Entry>)) {
        self.edit(value, change);
    }

    fn are_empty(&self) -> bool {
        self.is_empty()
    }
}

impl<T: Places> Aims<T> {
    fn edit(&mut self, aim: &Aim<T::Value>, change: impl FnOnce(&mut Option<Entry>)) {
        match aim {
            Aim::All => change(&mut self.all),
            Aim::Missing => change(&mut self.missing),
            Aim::At(value) => self.at.change(value, change),
        }
    }

    /// The value, `none`, `*`: in this order.
    fn judge<'a>(
        &'a self,
        asked: &'a Asked<'_>,
        now: Timestamp,
        monitors: bool,
        monitored: &mut Vec<Monitored>,
        shown: Option<&'a T::Shown>,
    ) -> Verdict<'a> {
        if self.all.is_none() && self.missing.is_none() && self.at.are_empty() {
            return Verdict::default();
        }
        search::judge(asked, now, monitors, monitored, || {
            let at = shown.into_iter().flat_map(|shown| self.at.fits(shown));
            let missing = self.missing.iter().filter(|_| shown.is_none());
            at.map(|(specificity, entry)| (specificity.saturating_add(VALUE), entry))
                .chain(missing.map(|entry| (MISSING, entry)))
                .chain(self.all.iter().map(|entry| (ALL, entry)))
        })
    }
}
