//! Where whom something was found of was of late, and the ways to keep them out by it: one click, and that of the dialog.

use leptos::prelude::*;

use super::{
    act::{BlockButton, Ways},
    block::{Reach, network},
};
use crate::{
    api::{findings::Whereabouts, rules::Kind},
    country,
};

/// What a rule could look for: the address that something was found of, what it is in, and where they were.
pub(super) fn reaches(ip: Option<&str>, whereabouts: &Whereabouts) -> Vec<Reach> {
    let mut all: Vec<Reach> = Vec::new();
    let mut add = |reach: Reach| {
        let is_known = |one: &Reach| one.kind == reach.kind && one.value == reach.value;
        if !all.iter().any(is_known) {
            all.push(reach);
        }
    };
    // A name in the place of an address is nowhere; an IPv6 address of a finding stands for its /64.
    let own = ip.filter(|ip| guard::network(ip).is_ok());
    let own = own.map(|ip| {
        network(ip)
            .filter(|_| ip.contains(':'))
            .unwrap_or_else(|| ip.to_owned())
    });
    let others = whereabouts.addresses.iter().take(ADDRESSES).filter(|_| own.is_none());
    for address in own.iter().chain(others) {
        for reach in Reach::around(address, None, None, None) {
            add(reach);
        }
    }
    for one in whereabouts.networks.iter().take(EACH) {
        let name = one
            .provider
            .as_deref()
            .map(|name| format!(" ({name})"))
            .unwrap_or_default();
        let number = one.asn.0;
        add(Reach::of(
            Kind::Asn,
            &number.to_string(),
            format!("Network AS{number}{name}"),
        ));
    }
    for code in whereabouts.countries.iter().take(EACH) {
        add(Reach::of(Kind::Country, code, country::name(code)));
    }
    for host in whereabouts.referrers.iter().take(EACH) {
        let label = if host.is_empty() { "No referrer" } else { host.as_str() };
        add(Reach::of(Kind::Referrer, host, label.to_owned()));
    }
    all
}

/// A button for each kind of place, the most common first. Each opens the dialog with its own chosen, and all others in it.
pub(super) fn buttons(ways: Ways, reaches: &[Reach]) -> impl IntoView + use<> {
    let buttons = offered(reaches).into_iter().map(|at| {
        let (mut first, mut rest) = (Vec::new(), Vec::new());
        for (n, reach) in reaches.iter().enumerate() {
            let side = if n == at { &mut first } else { &mut rest };
            side.push(reach.clone());
        }
        let text = first.first().map(|reach| reach.label.clone()).unwrap_or_default();
        first.extend(rest);
        view! { <BlockButton ways reaches=first text/> }
    });
    let buttons = buttons.collect_view();
    view! { <p class="feed-reaches"><span class="soft">"Block"</span>{buttons}</p> }
}

/// Which of them get a button: one address and what it is in, and two of each other kind.
fn offered(reaches: &[Reach]) -> Vec<usize> {
    let mut at = Vec::new();
    for (n, reach) in reaches.iter().enumerate() {
        let before = reaches.iter().take(n).filter(|one| one.kind == reach.kind).count();
        if before < 2 {
            at.push(n);
        }
    }
    at
}

/// So many addresses can be chosen.
const ADDRESSES: usize = 4;
/// So many networks, countries and sites.
const EACH: usize = 4;
