//! Which Guardian rule keeps viewers out who come from an address, a network or a country: what views and findings show.
//!
//! As guard decides it, of rules of the whole organisation: by the address, then by its network, then by its country; of
//! each kind the most specific rule wins, and the first kind whose winner denies is the reason. Section 4.

use std::{
    cmp::Reverse,
    collections::{HashMap, HashSet},
};

use entity::{
    Tenanted, guardian_rule,
    session::{self, Column},
};
use guard::{
    Asn, Place, Timestamp,
    rules::{Aim, Kind, Matcher},
};
use ids::OrganisationId;
use ipnet::IpNet;
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbErr, QueryFilter, QueryOrder, QuerySelect, Select,
    sea_query::{Expr, ExprTrait, Func, SimpleExpr},
};

use super::usage::{Among, By, Sessions};
use crate::fault::Fault;

/// From where viewers come, as far as it is known.
#[derive(Clone, Debug, Default)]
pub(super) struct Whence {
    /// The address, or all of a subnet.
    pub(super) network: Option<IpNet>,
    /// Where that is: each of the places that it reaches over. Empty where nobody was seen there.
    pub(super) places: Vec<Place>,
}

/// Of those addresses, subnets or networks from where no viewer is let in, the rule that keeps them out. What reaches over
/// several places is kept out where each of them is; then it is the rule of the newest session's place.
pub(crate) async fn of_rows(
    connection: &impl ConnectionTrait,
    sessions: &Sessions,
    by: By,
    subjects: &[String],
    now: Timestamp,
) -> Result<HashMap<String, guardian_rule::Model>, DbErr> {
    let some = Some(Among::these(subjects));
    let mut places = places(by, seen(sessions, by, some).into_tuple().all(connection).await?);
    let whence = subjects.iter().map(|subject| {
        let places = places.remove(subject).unwrap_or_default();
        (subject.clone(), Whence::of(subject, by, places))
    });
    rules(connection, sessions.organisation, whence.collect(), now).await
}

/// Of all from where these sessions came, those from where no viewer is let in. Refused where 100 000 rules of a kind or
/// more are in force, or where sessions came from 200 000 addresses or more.
pub(super) async fn of_all(
    connection: &impl ConnectionTrait,
    sessions: &Sessions,
    by: By,
    now: Timestamp,
) -> Result<Vec<String>, Fault> {
    let mut met = Met::default();
    for kind in KINDS {
        let rules = in_force(sessions.organisation, kind, now).limit(RULES as u64);
        let rules = rules.all(connection).await?;
        if rules.len() == RULES {
            return Err(TOO_MANY_RULES);
        }
        met.add(rules, kind);
    }
    if !met.0.values().any(denies) {
        return Ok(Vec::new());
    }
    let most = seen(sessions, by, None).limit(PLACES as u64);
    let seen: Vec<Seen> = most.into_tuple().all(connection).await?;
    if seen.len() == PLACES {
        return Err(TOO_MANY_PLACES);
    }
    let kept_out = places(by, seen).into_iter().filter_map(|(subject, places)| {
        let whence = Whence::of(&subject, by, places);
        met.keeping_out(&whence).is_some().then_some(subject)
    });
    Ok(kept_out.collect())
}

/// Of those from where no viewer is let in, the rule that keeps them out, by what they are called.
pub(super) async fn rules(
    connection: &impl ConnectionTrait,
    organisation: OrganisationId,
    whence: Vec<(String, Whence)>,
    now: Timestamp,
) -> Result<HashMap<String, guardian_rule::Model>, DbErr> {
    let mut met = Met::default();
    for kind in KINDS {
        let values: HashSet<String> = whence.iter().flat_map(|(_, whence)| whence.values(kind)).collect();
        let values: Vec<_> = values.into_iter().collect();
        for some in values.chunks(VALUES) {
            let some = in_force(organisation, kind, now).filter(guardian_rule::Column::Value.is_in(some));
            met.add(some.all(connection).await?, kind);
        }
    }
    let kept_out = whence.into_iter().filter_map(|(name, whence)| {
        let rule = met.keeping_out(&whence)?.clone();
        Some((name, rule))
    });
    Ok(kept_out.collect())
}

/// Where a session was.
pub(super) fn place_of(asn: Option<i64>, country: Option<&str>) -> Place {
    Place {
        asn: asn.and_then(|number| u32::try_from(number).ok()).map(Asn::new),
        country: country.and_then(|code| code.parse().ok()),
    }
}

/// Somebody who was seen, in a network and a country.
type Seen = (String, Option<i64>, Option<String>);

/// In which networks and countries sessions from there were, that of the newest first.
fn seen(sessions: &Sessions, by: By, some: Option<Among<'_>>) -> Select<session::Entity> {
    let newest: SimpleExpr = Func::max(Expr::col((session::Entity, Column::StartedAt))).into();
    sessions
        .of(by, some)
        .select_only()
        .expr_as(by.subject(), "subject")
        .column(Column::Asn)
        .column(Column::Country)
        .group_by(sessions.key(by))
        .group_by(Column::Asn)
        .group_by(Column::Country)
        .order_by_desc(newest)
        .order_by_asc(Column::Asn)
        .order_by_asc(Column::Country)
}

/// The places of each. An address is where it was last.
fn places(by: By, seen: Vec<Seen>) -> HashMap<String, Vec<Place>> {
    let mut places: HashMap<String, Vec<Place>> = HashMap::new();
    for (subject, asn, country) in seen {
        let known = places.entry(subject).or_default();
        if by.is_wide() || known.is_empty() {
            known.push(place_of(asn, country.as_deref()));
        }
    }
    places
}

impl Whence {
    /// Of a row of the view, where it was.
    fn of(subject: &str, by: By, places: Vec<Place>) -> Self {
        Self {
            // The number of a network is no address.
            network: guard::network(subject).ok().filter(|_| by != By::Network),
            places,
        }
    }

    /// All that rules of a kind may look for there.
    fn values(&self, kind: Kind) -> Vec<String> {
        match kind {
            Kind::Ip => self.network.into_iter().flat_map(prefixes).collect(),
            _ => self.places.iter().flat_map(|place| aims(*place, kind)).collect(),
        }
    }
}

/// Rules that are in force, by what they look at and for; of those that look for the same, the one that decides.
#[derive(Debug, Default)]
struct Met(HashMap<(Kind, String), guardian_rule::Model>);

impl Met {
    fn add(&mut self, rules: Vec<guardian_rule::Model>, kind: Kind) {
        for rule in rules {
            let key = (kind, rule.value.clone());
            if self.0.get(&key).is_none_or(|known| rank(&rule) > rank(known)) {
                self.0.insert(key, rule);
            }
        }
    }

    /// The rule that keeps everybody out who comes from there.
    fn keeping_out(&self, whence: &Whence) -> Option<&guardian_rule::Model> {
        let by_address = whence
            .network
            .and_then(|network| self.denial(Kind::Ip, prefixes(network)));
        by_address.or_else(|| {
            let mut each = whence.places.iter().map(|place| self.denial_of_place(*place));
            let first = each.next().flatten()?;
            each.all(|rule| rule.is_some()).then_some(first)
        })
    }

    fn denial_of_place(&self, place: Place) -> Option<&guardian_rule::Model> {
        let by = |kind| self.denial(kind, aims(place, kind).into_iter());
        by(Kind::Asn).or_else(|| by(Kind::Country))
    }

    /// The rule of a kind that wins among those for these values, the most specific first, where it denies.
    fn denial(&self, kind: Kind, mut values: impl Iterator<Item = String>) -> Option<&guardian_rule::Model> {
        let winner = values.find_map(|value| self.0.get(&(kind, value)));
        winner.filter(|rule| denies(rule))
    }
}

/// Rules of a kind for all viewers of an organisation.
fn in_force(organisation: OrganisationId, kind: Kind, now: Timestamp) -> Select<guardian_rule::Entity> {
    use guardian_rule::Column;
    guardian_rule::Entity::in_tenant(organisation)
        .filter(Column::Kind.eq(kind.as_str()))
        .filter(Column::Mode.eq("ENFORCE"))
        .filter(Column::Door.is_in(["PLAYBACK", "BOTH"]))
        .filter(Column::StreamId.is_null())
        .filter(Column::GroupId.is_null())
        .filter(Column::ExpiresAt.is_null().or(Column::ExpiresAt.gt(now.us())))
}

/// Among rules for the same the greatest decides: a denial, then the one that lasts longest, then the oldest.
fn rank(rule: &guardian_rule::Model) -> (bool, i64, Reverse<uuid::Uuid>) {
    (denies(rule), rule.expires_at.unwrap_or(i64::MAX), Reverse(rule.id))
}

fn denies(rule: &guardian_rule::Model) -> bool {
    rule.action == "DENY"
}

/// Every network that one is in, the longest first, as rules have it.
fn prefixes(network: IpNet) -> impl Iterator<Item = String> {
    guard::networks(network.addr())
        .filter(move |wider| wider.prefix_len() <= network.prefix_len())
        .map(|network| Matcher::Ip(network).to_string())
}

/// What a rule on networks, or on countries, may look for in a place, the most specific first, as rules have it.
fn aims(place: Place, kind: Kind) -> Vec<String> {
    fn of<T>(value: Option<T>) -> [Aim<T>; 2] {
        [value.map_or(Aim::Missing, Aim::At), Aim::All]
    }
    match kind {
        Kind::Asn => of(place.asn).map(|aim| Matcher::Asn(aim).to_string()).into(),
        Kind::Country => of(place.country).map(|aim| Matcher::Country(aim).to_string()).into(),
        Kind::Ip | Kind::Referrer | Kind::UserAgent => Vec::new(),
    }
}

/// What keeps all out from somewhere, the kind that is looked at first before the others.
const KINDS: [Kind; 3] = [Kind::Ip, Kind::Asn, Kind::Country];
/// `SQLite` allows 32766 parameters in a statement.
const VALUES: usize = 10_000;
/// All are judged where they are fewer.
const RULES: usize = 100_000;
const PLACES: usize = 200_000;
const TOO_MANY_RULES: Fault = Fault::Invalid(
    "100 000 rules on addresses, networks or countries are in force, or more: the view cannot be ordered by what they block",
);
const TOO_MANY_PLACES: Fault = Fault::Invalid(
    "viewers came from 200 000 addresses or more: to order by what is blocked, choose a shorter time or a filter",
);
