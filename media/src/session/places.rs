//! The sessions of a node by what Guardian rules look at: address, network, country, page, player.
//!
//! What is kept is ordered, so that a network's addresses, and the hosts below a host, lie beside each other: a rule
//! finds those whom it is about without a look at any other.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::IpAddr,
    ops::RangeInclusive,
    sync::Arc,
};

use guard::{
    AgentPattern, Asn, Country, Host, HostPattern, Request,
    rules::{Aim, Matcher},
};
use ids::{OrganisationId, SessionId};

/// Sessions by what they came with.
#[derive(Debug, Default)]
pub(super) struct Places {
    addresses: Found<IpAddr>,
    asns: Found<Option<Asn>>,
    countries: Found<Option<Country>>,
    /// Hosts from the right, label by label.
    hosts: Found<Option<Vec<Arc<str>>>>,
    agents: Found<Option<Arc<str>>>,
}

type Found<T> = BTreeMap<(OrganisationId, T), BTreeSet<SessionId>>;

impl Places {
    pub(super) fn insert(&mut self, organisation: OrganisationId, request: &Request, id: SessionId) {
        self.of(organisation, request, |places| places.insert(id));
    }

    pub(super) fn remove(&mut self, organisation: OrganisationId, request: &Request, id: SessionId) {
        self.of(organisation, request, |places| places.remove(&id));
        let Self {
            addresses,
            asns,
            countries,
            hosts,
            agents,
        } = self;
        forget(addresses, &(organisation, request.address));
        forget(asns, &(organisation, request.place.asn));
        forget(countries, &(organisation, request.place.country));
        forget(hosts, &(organisation, labels(request.referrer.as_ref())));
        forget(agents, &(organisation, request.agent.clone()));
    }

    /// Whom a rule of the organisation can be about; `None` for everybody.
    pub(super) fn about(&self, organisation: OrganisationId, matcher: &Matcher) -> Option<BTreeSet<SessionId>> {
        match matcher {
            Matcher::Ip(network) => {
                let (first, last) = (network.network(), network.broadcast());
                Some(all(&self.addresses, (organisation, first)..=(organisation, last)))
            }
            Matcher::Asn(aim) => one(&self.asns, organisation, aim),
            Matcher::Country(aim) => one(&self.countries, organisation, aim),
            Matcher::Referrer(Aim::All) | Matcher::UserAgent(Aim::All) => None,
            Matcher::Referrer(Aim::Missing) => Some(at(&self.hosts, &(organisation, None))),
            Matcher::Referrer(Aim::At(HostPattern::Exact(host))) => {
                Some(at(&self.hosts, &(organisation, labels(Some(host)))))
            }
            Matcher::Referrer(Aim::At(HostPattern::Below(host))) => Some(self.below(organisation, host)),
            Matcher::UserAgent(Aim::Missing) => Some(at(&self.agents, &(organisation, None))),
            Matcher::UserAgent(Aim::At(pattern)) => Some(self.playing(organisation, pattern)),
        }
    }

    fn below(&self, organisation: OrganisationId, host: &Host) -> BTreeSet<SessionId> {
        let above = labels(Some(host));
        let inside = |labels: &Option<Vec<Arc<str>>>| match (labels, &above) {
            (Some(labels), Some(above)) => labels.starts_with(above),
            _ => false,
        };
        self.hosts
            .range((organisation, above.clone())..)
            .take_while(|((of, labels), _)| *of == organisation && inside(labels))
            .filter(|((_, labels), _)| *labels != above)
            .flat_map(|(_, ids)| ids)
            .copied()
            .collect()
    }

    /// Players are many, their names few.
    fn playing(&self, organisation: OrganisationId, pattern: &AgentPattern) -> BTreeSet<SessionId> {
        let searcher = pattern.searcher();
        self.agents
            .range((organisation, None)..)
            .take_while(|((of, _), _)| *of == organisation)
            .filter(|((_, agent), _)| agent.as_ref().is_some_and(|agent| searcher.fits(agent)))
            .flat_map(|(_, ids)| ids)
            .copied()
            .collect()
    }

    fn of(
        &mut self,
        organisation: OrganisationId,
        request: &Request,
        change: impl Fn(&mut BTreeSet<SessionId>) -> bool,
    ) {
        change(self.addresses.entry((organisation, request.address)).or_default());
        change(self.asns.entry((organisation, request.place.asn)).or_default());
        change(self.countries.entry((organisation, request.place.country)).or_default());
        change(
            self.hosts
                .entry((organisation, labels(request.referrer.as_ref())))
                .or_default(),
        );
        change(self.agents.entry((organisation, request.agent.clone())).or_default());
    }
}

fn labels(host: Option<&Host>) -> Option<Vec<Arc<str>>> {
    host.map(|host| host.as_str().rsplit('.').map(Arc::from).collect())
}

fn one<T: Copy + Ord>(
    found: &Found<Option<T>>,
    organisation: OrganisationId,
    aim: &Aim<T>,
) -> Option<BTreeSet<SessionId>> {
    match aim {
        Aim::All => None,
        Aim::Missing => Some(at(found, &(organisation, None))),
        Aim::At(value) => Some(at(found, &(organisation, Some(*value)))),
    }
}

fn at<T: Ord>(found: &Found<T>, key: &(OrganisationId, T)) -> BTreeSet<SessionId> {
    found.get(key).cloned().unwrap_or_default()
}

fn all<T: Ord>(found: &Found<T>, range: RangeInclusive<(OrganisationId, T)>) -> BTreeSet<SessionId> {
    found.range(range).flat_map(|(_, ids)| ids).copied().collect()
}

fn forget<T: Ord>(found: &mut Found<T>, key: &(OrganisationId, T)) {
    if found.get(key).is_some_and(BTreeSet::is_empty) {
        found.remove(key);
    }
}

#[cfg(test)]
mod tests {
    use guard::{Credential, Door, Place, referrer, rules::Kind};

    use super::*;

    fn request(address: &str, page: &str, agent: &str, country: &str) -> Request {
        Request {
            place: Place {
                country: country.parse().ok(),
                asn: None,
            },
            referrer: referrer(None, Some(page)),
            agent: Some(agent).filter(|agent| !agent.is_empty()).map(Into::into),
            ..Request::new(Door::Playback, None, address.parse().unwrap(), Credential::Missing)
        }
    }

    #[test]
    fn a_rule_finds_whom_it_is_about_and_nobody_else() {
        let organisation = |number| OrganisationId::mint(number, [0; 10]);
        let session = |number| SessionId::mint(number, [0; 10]);
        let viewers = [
            request("192.0.2.1", "https://example.com/", "VLC/3", "DE"),
            request("192.0.2.200", "https://app.example.com/", "curl/8", "FR"),
            request("198.51.100.1", "https://evil-example.com/", "", ""),
            request("2001:db8::1", "", "VLC/4", "DE"),
        ];
        let mut places = Places::default();
        for (number, viewer) in (0..).zip(&viewers) {
            places.insert(organisation(1), viewer, session(number));
            places.insert(organisation(2), viewer, session(100 + number));
        }
        let about = |places: &Places, kind, value: &str| {
            let matcher = Matcher::parse(kind, value).unwrap();
            let found = places.about(organisation(1), &matcher);
            found.map(|ids| {
                (0..4)
                    .filter(|number| ids.contains(&session(*number)))
                    .collect::<Vec<_>>()
            })
        };
        for (kind, value, numbers) in [
            (Kind::Ip, "192.0.2.0/24", Some(vec![0, 1])),
            (Kind::Ip, "192.0.2.1", Some(vec![0])),
            (Kind::Ip, "0.0.0.0/0", Some(vec![0, 1, 2])),
            (Kind::Ip, "2001:db8::/32", Some(vec![3])),
            (Kind::Asn, "none", Some(vec![0, 1, 2, 3])),
            (Kind::Asn, "64500", Some(vec![])),
            (Kind::Country, "DE", Some(vec![0, 3])),
            (Kind::Country, "none", Some(vec![2])),
            (Kind::Country, "*", None),
            (Kind::Referrer, "example.com", Some(vec![0])),
            (Kind::Referrer, "*.example.com", Some(vec![1])),
            (Kind::Referrer, "*.com", Some(vec![0, 1, 2])),
            (Kind::Referrer, "none", Some(vec![3])),
            (Kind::UserAgent, "VLC/*", Some(vec![0, 3])),
            (Kind::UserAgent, "curl/8", Some(vec![1])),
            (Kind::UserAgent, "none", Some(vec![2])),
            (Kind::UserAgent, "*", None),
        ] {
            assert_eq!(about(&places, kind, value), numbers, "{value}");
        }
        for (number, viewer) in (0..).zip(&viewers) {
            places.remove(organisation(1), viewer, session(number));
            places.remove(organisation(2), viewer, session(100 + number));
        }
        assert_eq!(format!("{places:?}"), format!("{:?}", Places::default()));
    }
}
