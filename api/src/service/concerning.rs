//! Which of an organisation's Guardian rules can be about somebody: read without the others, of which there may be a million.
//!
//! Rules on addresses, networks and countries are found by the values that fit; those on pages and players are read as a
//! whole, since no index knows their patterns.

use std::{collections::BTreeSet, net::IpAddr};

use entity::{Tenanted, guardian_rule};
use guard::{
    AgentPattern, Asn, Request,
    rules::{Aim, Kind, Matcher},
};
use ids::OrganisationId;
use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, QueryFilter, QuerySelect, Select, sea_query::Expr};

use super::rules;

/// The rules that can say something of who asks so, of those that are not over. Where there are none but others, one of those:
/// whether there are rules at all is told.
pub(crate) async fn request(
    connection: &impl ConnectionTrait,
    organisation: OrganisationId,
    request: &Request,
    now_us: i64,
) -> Result<Vec<guardian_rule::Model>, DbErr> {
    let mut values = asns(request.place.asn);
    values.extend(request.place.country.map(|country| country.to_string()));
    values.extend(address(request.address));
    let (by_value, whole): (Vec<_>, Vec<_>) = Kind::ALL.into_iter().partition(|kind| is_by_value(*kind));
    let mut found = patterns(organisation, &whole, now_us).all(connection).await?;
    found.extend(looking_for(connection, organisation, &by_value, values, now_us).await?);
    if found.is_empty() {
        found.extend(standing(organisation, now_us).one(connection).await?);
    }
    Ok(found)
}

/// All rules of a kind that are not over.
pub(crate) fn of_kind(organisation: OrganisationId, kind: Kind, now_us: i64) -> Select<guardian_rule::Entity> {
    match kind {
        Kind::Ip => standing(organisation, now_us).filter(guardian_rule::Column::Kind.eq(kind.as_str())),
        Kind::Asn | Kind::Country | Kind::Referrer | Kind::UserAgent => patterns(organisation, &[kind], now_us),
    }
}

/// How many rules on players with a pattern there are ([`Matcher::is_agent_pattern`]), those that are over included.
pub(crate) async fn agent_patterns(
    connection: &impl ConnectionTrait,
    organisation: OrganisationId,
) -> Result<u64, DbErr> {
    let many: Option<i64> = many_agent_patterns(organisation).into_tuple().one(connection).await?;
    Ok(many.map_or(0, |many| u64::try_from(many).unwrap_or(0)))
}

/// The rules of these kinds that look for one of these values, and are not over.
pub(crate) async fn looking_for(
    connection: &impl ConnectionTrait,
    organisation: OrganisationId,
    kinds: &[Kind],
    values: BTreeSet<String>,
    now_us: i64,
) -> Result<Vec<guardian_rule::Model>, DbErr> {
    let values: Vec<_> = values.into_iter().collect();
    let mut found = Vec::new();
    for some in values.chunks(VALUES) {
        let rows = with_values(organisation, some, now_us).all(connection).await?;
        // Not a condition of the statement: the index of values alone is to be used.
        found.extend(
            rows.into_iter()
                .filter(|row| kinds.iter().any(|kind| kind.as_str() == row.kind)),
        );
    }
    Ok(found)
}

/// What a rule on addresses looks for that is about this one: it, and every network that it is in.
pub(crate) fn address(address: IpAddr) -> impl Iterator<Item = String> {
    guard::networks(address).map(|network| Matcher::Ip(network).to_string())
}

/// What a rule on networks looks for that is about one of these, or about who is in none that is known.
pub(crate) fn asns(asns: impl IntoIterator<Item = Asn>) -> BTreeSet<String> {
    let aims = asns.into_iter().map(Aim::At).chain([Aim::Missing, Aim::All]);
    aims.map(|aim| aim.to_string()).collect()
}

/// Whether few values fit a request, so that rules of the kind are found by them.
const fn is_by_value(kind: Kind) -> bool {
    match kind {
        Kind::Ip | Kind::Asn | Kind::Country => true,
        Kind::Referrer | Kind::UserAgent => false,
    }
}

/// All rules of these kinds, which are not of addresses, that are not over.
fn patterns(organisation: OrganisationId, kinds: &[Kind], now_us: i64) -> Select<guardian_rule::Entity> {
    others(organisation, kinds).filter(rules::stands(now_us))
}

fn many_agent_patterns(organisation: OrganisationId) -> Select<guardian_rule::Entity> {
    use guardian_rule::Column;
    others(organisation, &[Kind::UserAgent])
        .filter(Column::Value.contains("*"))
        .filter(Column::Value.ne(Aim::<AgentPattern>::All.to_string()))
        .select_only()
        .column_as(Column::Id.count(), "many")
}

/// All rules of these kinds, which are not of addresses. The first condition is that of the index that holds no others, to
/// the letter: `SQLite` knows it by nothing else.
fn others(organisation: OrganisationId, kinds: &[Kind]) -> Select<guardian_rule::Entity> {
    guardian_rule::Entity::in_tenant(organisation)
        .filter(Expr::cust("guardian_rule.kind <> 'IP'"))
        .filter(guardian_rule::Column::Kind.is_in(kinds.iter().map(|kind| kind.as_str())))
}

fn with_values(organisation: OrganisationId, values: &[String], now_us: i64) -> Select<guardian_rule::Entity> {
    standing(organisation, now_us).filter(guardian_rule::Column::Value.is_in(values.iter().map(String::as_str)))
}

fn standing(organisation: OrganisationId, now_us: i64) -> Select<guardian_rule::Entity> {
    guardian_rule::Entity::in_tenant(organisation).filter(rules::stands(now_us))
}

/// Values in one statement.
const VALUES: usize = 1_000;

#[cfg(test)]
mod tests {
    use sea_orm::{DbBackend, QueryTrait};
    use testkit::{Database, Kind as DatabaseKind};
    use uuid::Uuid;

    use super::*;
    use crate::store::{Store, tests};

    #[tokio::test]
    async fn rules_that_can_be_about_somebody_are_found_by_an_index_among_many_on_addresses() {
        let database = Database::new(DatabaseKind::Sqlite);
        let store = Store::open(database.url()).await.unwrap();
        let organisation = OrganisationId::from_uuid(Uuid::nil());
        let plan = async |query: Select<guardian_rule::Entity>| {
            tests::plan(&store, query.build(DbBackend::Sqlite)).await.join("; ")
        };
        let check = async || {
            let values: Vec<_> = address([192, 0, 2, 7].into()).collect();
            let by_value = plan(with_values(organisation, &values, 1)).await;
            let found = "INDEX guardian_rule_organisation_id_value (organisation_id=? AND value=?)";
            assert!(by_value.contains(found), "{by_value}");
            for others in [
                patterns(organisation, &[Kind::Country], 1),
                patterns(organisation, &[Kind::Referrer, Kind::UserAgent], 1),
                many_agent_patterns(organisation),
            ] {
                let others = plan(others).await;
                let found = "INDEX guardian_rule_others (organisation_id=? AND kind=?)";
                assert!(others.contains(found), "{others}");
            }
        };
        check().await;
        let columns = "kind, value, action, mode, door, created_by, created_at, matches";
        let values = "'IP', n, 'DENY', 'ENFORCE', 'BOTH', x'01', 1, 0";
        tests::crowd(&store, "guardian_rule", columns, values).await;
        check().await;
    }

    #[test]
    fn an_address_is_looked_for_as_rules_are_written() {
        let mut four = address("::ffff:192.0.2.7".parse().unwrap());
        assert_eq!(four.next().as_deref(), Some("192.0.2.7"));
        assert_eq!(four.next().as_deref(), Some("192.0.2.6/31"));
        assert_eq!(
            (four.nth(22).as_deref(), four.last().as_deref()),
            (Some("192.0.0.0/8"), Some("0.0.0.0/0"))
        );
        let six: Vec<_> = address("2001:db8::1".parse().unwrap()).collect();
        assert_eq!((six.len(), &*six[0], &*six[64]), (129, "2001:db8::1", "2001:db8::/64"));
        let looked_for = BTreeSet::from(["*", "64500", "none"].map(str::to_owned));
        assert_eq!(asns([Asn::new(64_500)]), looked_for);
    }
}
