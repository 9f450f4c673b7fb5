//! How tokens and addresses stand now: what the views show beside them.

use std::{
    collections::{HashMap, HashSet},
    net::IpAddr,
};

use entity::{Tenanted, guardian_rule, playback_token, revocation};
use guard::{Timestamp, rules::Matcher};
use ids::OrganisationId;
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

/// Which of these addresses no viewer comes from: the longest rule of the whole organisation that they are in denies.
pub(crate) async fn blocked(
    connection: &impl ConnectionTrait,
    organisation: OrganisationId,
    addresses: &[String],
    now: Timestamp,
) -> Result<HashSet<String>, DbErr> {
    use guardian_rule::Column;
    let parsed: Vec<(&String, IpAddr)> = addresses
        .iter()
        .filter_map(|text| Some((text, text.parse().ok()?)))
        .collect();
    let values: HashSet<String> = parsed.iter().flat_map(|(_, address)| prefixes(*address)).collect();
    let values: Vec<String> = values.into_iter().collect();
    let mut rules = HashMap::new();
    for chunk in values.chunks(VALUES) {
        let rows = guardian_rule::Entity::in_tenant(organisation)
            .filter(Column::Kind.eq("IP"))
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
    let is_blocked = |address: IpAddr| prefixes(address).find_map(|value| rules.get(&value).copied()) == Some(true);
    Ok(parsed
        .into_iter()
        .filter(|(_, address)| is_blocked(*address))
        .map(|(text, _)| text.clone())
        .collect())
}

/// Every network that an address is in, the longest first, as rules have it.
fn prefixes(address: IpAddr) -> impl Iterator<Item = String> {
    guard::networks(address).map(|network| Matcher::Ip(network).to_string())
}

/// `SQLite` allows 32766 parameters in a statement.
const VALUES: usize = 10_000;
