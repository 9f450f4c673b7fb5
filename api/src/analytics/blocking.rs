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
    ColumnTrait, ConnectionTrait, DbErr, QueryFilter, QueryOrder, QuerySelect,
    sea_query::{Expr, ExprTrait, Func, SimpleExpr},
};

use super::usage::{Among, By, Sessions};

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
    let mut places = places(connection, sessions, by, subjects).await?;
    let whence = subjects.iter().map(|subject| {
        let whence = Whence {
            // The number of a network is no address.
            network: guard::network(subject).ok().filter(|_| by != By::Network),
            places: places.remove(subject).unwrap_or_default(),
        };
        (subject.clone(), whence)
    });
    rules(connection, sessions.organisation, whence.collect(), now).await
}

/// Of those from where no viewer is let in, the rule that keeps them out, by what they are called.
pub(super) async fn rules(
    connection: &impl ConnectionTrait,
    organisation: OrganisationId,
    whence: Vec<(String, Whence)>,
    now: Timestamp,
) -> Result<HashMap<String, guardian_rule::Model>, DbErr> {
    let mut met = Met::default();
    for kind in [Kind::Ip, Kind::Asn, Kind::Country] {
        let values: HashSet<String> = whence.iter().flat_map(|(_, whence)| whence.values(kind)).collect();
        met.add(in_force(connection, organisation, kind, values, now).await?, kind);
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

/// In which networks and countries sessions from there were, that of the newest first. An address is where it was last.
async fn places(
    connection: &impl ConnectionTrait,
    sessions: &Sessions,
    by: By,
    subjects: &[String],
) -> Result<HashMap<String, Vec<Place>>, DbErr> {
    let newest: SimpleExpr = Func::max(Expr::col((session::Entity, Column::StartedAt))).into();
    let rows: Vec<(String, Option<i64>, Option<String>)> = sessions
        .of(by, Some(Among::these(subjects)))
        .select_only()
        .expr_as(by.subject(), "subject")
        .column(Column::Asn)
        .column(Column::Country)
        .group_by(by.subject())
        .group_by(Column::Asn)
        .group_by(Column::Country)
        .order_by_desc(newest)
        .order_by_asc(Column::Asn)
        .order_by_asc(Column::Country)
        .into_tuple()
        .all(connection)
        .await?;
    let mut places: HashMap<String, Vec<Place>> = HashMap::new();
    for (subject, asn, country) in rows {
        let known = places.entry(subject).or_default();
        if by.is_wide() || known.is_empty() {
            known.push(place_of(asn, country.as_deref()));
        }
    }
    Ok(places)
}

impl Whence {
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

/// Rules of the whole organisation that are in force for viewers, of a kind and for some values.
async fn in_force(
    connection: &impl ConnectionTrait,
    organisation: OrganisationId,
    kind: Kind,
    values: HashSet<String>,
    now: Timestamp,
) -> Result<Vec<guardian_rule::Model>, DbErr> {
    use guardian_rule::Column;
    let values: Vec<_> = values.into_iter().collect();
    let mut rules = Vec::new();
    for chunk in values.chunks(VALUES) {
        let some = guardian_rule::Entity::in_tenant(organisation)
            .filter(Column::Kind.eq(kind.as_str()))
            .filter(Column::Mode.eq("ENFORCE"))
            .filter(Column::Door.is_in(["PLAYBACK", "BOTH"]))
            .filter(Column::StreamId.is_null())
            .filter(Column::GroupId.is_null())
            .filter(Column::ExpiresAt.is_null().or(Column::ExpiresAt.gt(now.us())))
            .filter(Column::Value.is_in(chunk))
            .all(connection)
            .await?;
        rules.extend(some);
    }
    Ok(rules)
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

/// `SQLite` allows 32766 parameters in a statement.
const VALUES: usize = 10_000;
