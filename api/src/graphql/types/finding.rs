//! Signs of misuse.

use std::{collections::HashMap, hash::Hash};

use async_graphql::{ComplexObject, Context, ID, Result, SimpleObject, dataloader::DataLoader};
use chrono::{DateTime, Utc};
use entity::{finding, session};
use ids::{FindingId, OrganisationId};

use super::{page::connection, rule::GuardianRule, token::TokenStatus};
use crate::{
    analytics::{
        Found,
        findings::{self, Suspect},
        standing::Standing,
    },
    fault::Fault,
    graphql::{
        loaders::{Own, Sightings, Standings},
        state,
    },
    service::reading::TokenIs,
};

/// A sign of misuse that holds of a token, a viewer or an address.
#[derive(Clone, Debug, SimpleObject)]
#[graphql(complex)]
pub(crate) struct MisuseFinding {
    #[graphql(skip)]
    known: Known,
    #[graphql(skip)]
    whose: Own<Suspect>,
    /// The token's id, where it is of a token.
    jti: Option<ID>,
    /// The viewer, where it is of a viewer.
    user: Option<String>,
    /// The address, or the /64 of an IPv6 one, where it is of an address.
    ip: Option<String>,
    /// Which, as in `SESSIONS`.
    code: String,
    /// What it adds to the score.
    weight: i32,
    /// Why, in words and numbers.
    evidence: String,
    /// Since when it holds.
    first_at: DateTime<Utc>,
    /// Until when it was seen.
    last_at: DateTime<Utc>,
}

/// How a finding's row is known.
#[derive(Clone, Debug)]
enum Known {
    Row(FindingId),
    /// As it is told: its row may be an older one, which was renewed.
    Told(Box<Found>),
}

#[ComplexObject]
impl MisuseFinding {
    /// Its id; none where it was removed meanwhile.
    async fn id(&self, context: &Context<'_>) -> Result<Option<ID>> {
        let id = match &self.known {
            Known::Row(id) => Some(*id),
            Known::Told(found) => {
                let id = findings::id_of(state(context).store.read(), found).await;
                id.map_err(Fault::from)?
            }
        };
        Ok(id.map(|id| id.to_string().into()))
    }

    /// What the token is now, where it is of a token.
    async fn status(&self, context: &Context<'_>) -> Result<Option<TokenStatus>> {
        Ok(match self.standing(context).await? {
            Some(Standing::Token(stand)) => Some(stand.map_or(TokenIs::Active, |stand| stand.is).into()),
            _ => None,
        })
    }

    /// Why the token cannot be revoked by itself now; null where it can.
    async fn not_revocable_because(&self, context: &Context<'_>) -> Result<Option<&'static str>> {
        Ok(match self.standing(context).await? {
            Some(Standing::Token(stand)) => stand.and_then(|stand| stand.not_revocable_because),
            _ => None,
        })
    }

    /// Whether the viewer is banned now, where it is of a viewer.
    async fn banned(&self, context: &Context<'_>) -> Result<Option<bool>> {
        Ok(match self.standing(context).await? {
            Some(Standing::User { banned, .. }) => Some(banned),
            _ => None,
        })
    }

    /// Until when a response keeps out whoever shows the token, by itself or with its viewer, or a token of the viewer; null
    /// where none does.
    async fn held_until(&self, context: &Context<'_>) -> Result<Option<DateTime<Utc>>> {
        let until = match self.standing(context).await? {
            Some(Standing::Token(stand)) => stand.and_then(|stand| stand.held_until),
            Some(Standing::User { held_until, .. }) => held_until,
            _ => None,
        };
        Ok(until.map(|until| super::moment(until.us())))
    }

    /// Whether a rule of the whole organisation keeps the address out now, by itself, its network or its country, where it
    /// is of an address.
    async fn blocked(&self, context: &Context<'_>) -> Result<Option<bool>> {
        Ok(match self.standing(context).await? {
            Some(Standing::Address(rule)) => Some(rule.is_some()),
            _ => None,
        })
    }

    /// The rule that does.
    async fn blocked_by(&self, context: &Context<'_>) -> Result<Option<GuardianRule>> {
        Ok(match self.standing(context).await? {
            Some(Standing::Address(Some(rule))) => Some(GuardianRule::of(*rule)?),
            _ => None,
        })
    }

    /// Where whoever it is of was of late.
    async fn whereabouts(&self, context: &Context<'_>) -> Result<Whereabouts> {
        let loader = context.data_unchecked::<DataLoader<Sightings>>();
        let (sessions, running) = loader.load_one(self.whose.clone()).await?.unwrap_or_default();
        Ok(Whereabouts::of(&sessions, running))
    }
}

/// From where somebody watched of late: what their newest sessions say, 20 at most, the most common first.
#[derive(Clone, Debug, SimpleObject)]
pub(crate) struct Whereabouts {
    /// Addresses; a network in place of one whose last part was taken away.
    addresses: Vec<String>,
    /// Networks, where they are known.
    networks: Vec<KnownNetwork>,
    /// Countries (ISO 3166-1 alpha-2), where they are known.
    countries: Vec<String>,
    /// Hosts of pages; empty where none was named.
    referrers: Vec<String>,
    /// How many sessions go on, whatever their number.
    running: i32,
}

/// A network by its number, and who runs it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, SimpleObject)]
pub(crate) struct KnownNetwork {
    /// The AS number.
    asn: i64,
    /// Who runs it, where that is known.
    provider: Option<String>,
}

impl Whereabouts {
    fn of(sessions: &[session::Model], running: u32) -> Self {
        let networks = sessions.iter().filter_map(|row| {
            Some(KnownNetwork {
                asn: row.asn?,
                provider: row.provider.clone(),
            })
        });
        // A name in the place of an address is none.
        let addresses = sessions.iter().map(|row| &row.address);
        let addresses = addresses.filter(|address| guard::network(address).is_ok());
        let referrers = sessions.iter().map(|row| row.referrer.clone().unwrap_or_default());
        Self {
            addresses: common(addresses.cloned()),
            networks: common(networks),
            countries: common(sessions.iter().filter_map(|row| row.country.clone())),
            referrers: common(referrers),
            running: i32::try_from(running).unwrap_or(i32::MAX),
        }
    }
}

/// Each value once, the most common first.
fn common<T: Clone + Eq + Hash + Ord>(values: impl Iterator<Item = T>) -> Vec<T> {
    let mut times: HashMap<T, u32> = HashMap::new();
    for value in values {
        *times.entry(value).or_insert(0) += 1;
    }
    let mut all: Vec<_> = times.into_iter().collect();
    all.sort_by(|(one, times), (other, others)| (others, one).cmp(&(times, other)));
    all.into_iter().map(|(value, _)| value).collect()
}

connection!(
    /// Signs of misuse.
    MisuseFindingConnection,
    MisuseFindingEdge,
    MisuseFinding
);

impl MisuseFinding {
    async fn standing(&self, context: &Context<'_>) -> Result<Option<Standing>> {
        let loader = context.data_unchecked::<DataLoader<Standings>>();
        Ok(loader.load_one(self.whose.clone()).await?)
    }

    /// What the columns of a file are called.
    pub(crate) const HEADING: [&'static str; 8] =
        ["jti", "user", "ip", "code", "weight", "evidence", "first_at", "last_at"];

    /// A line of a file.
    pub(crate) fn cells(&self) -> [String; 8] {
        let text = |text: &Option<String>| text.clone().unwrap_or_default();
        [
            self.jti.as_ref().map(|id| id.0.clone()).unwrap_or_default(),
            text(&self.user),
            text(&self.ip),
            self.code.clone(),
            self.weight.to_string(),
            self.evidence.clone(),
            super::written(self.first_at),
            super::written(self.last_at),
        ]
    }

    pub(crate) fn of_row(row: finding::Model) -> Self {
        let of = |kind: &str| (row.kind == kind).then(|| row.subject.clone());
        Self {
            whose: (
                OrganisationId::from_uuid(row.organisation_id),
                Suspect::of(&row.kind, &row.subject),
            ),
            known: Known::Row(FindingId::from_uuid(row.id)),
            jti: of(findings::TOKEN).map(ID),
            user: of(findings::USER),
            ip: of(findings::ADDRESS),
            code: row.indicator,
            weight: row.points,
            evidence: row.evidence,
            first_at: super::moment(row.first_at),
            last_at: super::moment(row.last_at),
        }
    }

    /// As it is told while it happens.
    pub(crate) fn of(found: &Found) -> Self {
        let (kind, subject) = findings::named(&found.finding.subject);
        let of = |one: &str| (kind == one).then(|| subject.clone());
        Self {
            whose: (found.organisation, Suspect::of(kind, &subject)),
            known: Known::Told(Box::new(found.clone())),
            jti: of(findings::TOKEN).map(ID),
            user: of(findings::USER),
            ip: of(findings::ADDRESS),
            code: found.finding.indicator.as_str().to_owned(),
            weight: i32::try_from(found.finding.points).unwrap_or(i32::MAX),
            evidence: found.finding.evidence.clone(),
            first_at: super::moment(found.finding.first.us()),
            last_at: super::moment(found.finding.last.us()),
        }
    }
}
