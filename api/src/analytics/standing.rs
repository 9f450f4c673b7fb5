//! How tokens and addresses stand now: what the views show beside them.

use std::collections::{HashMap, HashSet};

use entity::{Tenanted, guardian_rule, playback_token, revocation};
use guard::{
    Asn, Timestamp,
    rules::{Aim, Matcher},
};
use ids::OrganisationId;
use ipnet::IpNet;
use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, QueryFilter, sea_query::ExprTrait};

use crate::service::reading::{TokenIs, token_is};

/// What tokens are, by their ids. Of those that customers sign, only whether they were revoked by themselves is known.
pub(crate) async fn tokens(
    connection: &impl ConnectionTrait,
    organisation: OrganisationId,
    jtis: &[String],
    now: Timestamp,
) -> Result<HashMap<String, TokenIs>, DbErr> {
    let records = playback_token::Entity::in_tenant(organisation)
        .filter(playback_token::Column::Jti.is_in(jtis))
        .all(connection)
        .await?;
    let revoked = revocation::Entity::in_tenant(organisation)
        .filter(revocation::Column::Kind.eq("token"))
        .filter(revocation::Column::Subject.is_in(jtis))
        .all(connection)
        .await?;
    let mut known: HashMap<_, _> = records
        .iter()
        .map(|record| (record.jti.clone(), token_is(record, now)))
        .collect();
    known.extend(revoked.into_iter().map(|row| (row.subject, TokenIs::Revoked)));
    Ok(known)
}

/// Which of these addresses, or subnets, no viewer comes from: the longest rule of the whole organisation that they are in
/// denies.
pub(crate) async fn blocked(
    connection: &impl ConnectionTrait,
    organisation: OrganisationId,
    addresses: &[String],
    now: Timestamp,
) -> Result<HashSet<String>, DbErr> {
    let parsed: Vec<(&String, IpNet)> = addresses
        .iter()
        .filter_map(|text| Some((text, guard::network(text).ok()?)))
        .collect();
    let values: HashSet<String> = parsed.iter().flat_map(|(_, network)| prefixes(*network)).collect();
    let denied = denied(connection, organisation, "IP", values.into_iter().collect(), now).await?;
    let is_blocked = |network: IpNet| prefixes(network).find_map(|value| denied.get(&value).copied()) == Some(true);
    Ok(parsed
        .into_iter()
        .filter(|(_, network)| is_blocked(*network))
        .map(|(text, _)| text.clone())
        .collect())
}

/// Which of these networks, by their numbers, no viewer comes from; one whose number is not known is empty.
pub(crate) async fn blocked_networks(
    connection: &impl ConnectionTrait,
    organisation: OrganisationId,
    numbers: &[String],
    now: Timestamp,
) -> Result<HashSet<String>, DbErr> {
    let word = |aim: Aim<Asn>| Matcher::Asn(aim).to_string();
    let (none, all) = (word(Aim::Missing), word(Aim::All));
    let values = numbers.iter().filter(|number| !number.is_empty()).cloned();
    let values = values.chain([none.clone(), all.clone()]).collect();
    let denied = denied(connection, organisation, "ASN", values, now).await?;
    let is_blocked = |number: &&String| {
        let own = if number.is_empty() { &none } else { *number };
        denied.get(own).or_else(|| denied.get(&all)) == Some(&true)
    };
    Ok(numbers.iter().filter(is_blocked).cloned().collect())
}

/// Rules of the whole organisation that are in force for viewers, by their values: whether they deny.
async fn denied(
    connection: &impl ConnectionTrait,
    organisation: OrganisationId,
    kind: &str,
    values: Vec<String>,
    now: Timestamp,
) -> Result<HashMap<String, bool>, DbErr> {
    use guardian_rule::Column;
    let mut rules = HashMap::new();
    for chunk in values.chunks(VALUES) {
        let rows = guardian_rule::Entity::in_tenant(organisation)
            .filter(Column::Kind.eq(kind))
            .filter(Column::Mode.eq("ENFORCE"))
            .filter(Column::Door.is_in(["PLAYBACK", "BOTH"]))
            .filter(Column::StreamId.is_null())
            .filter(Column::GroupId.is_null())
            .filter(Column::ExpiresAt.is_null().or(Column::ExpiresAt.gt(now.us())))
            .filter(Column::Value.is_in(chunk))
            .all(connection)
            .await?;
        for row in rows {
            // Among equals a denial wins.
            let denies = rules.entry(row.value).or_insert(false);
            *denies |= row.action == "DENY";
        }
    }
    Ok(rules)
}

/// Every network that one is in, the longest first, as rules have it.
fn prefixes(network: IpNet) -> impl Iterator<Item = String> {
    guard::networks(network.addr())
        .filter(move |wider| wider.prefix_len() <= network.prefix_len())
        .map(|network| Matcher::Ip(network).to_string())
}

/// `SQLite` allows 32766 parameters in a statement.
const VALUES: usize = 10_000;
