//! Misuse cases, and what is in them.

use async_graphql::{Context, Enum, ID, Object, Result, SimpleObject, dataloader::DataLoader};
use chrono::{DateTime, Utc};
use entity::{case_item, case_note, case_session, misuse_case};
use ids::{CaseId, CaseItemId, CaseNoteId, OrganisationId, SessionId};
use uuid::Uuid;

use super::{
    page::connection,
    token::{Actor, Names, TokenStatus},
};
use crate::{
    analytics::findings::{ADDRESS, TOKEN, USER},
    graphql::loaders::{CaseItems, CaseNotes, CaseSessions, CaseSums, Own},
    service::{
        cases::{
            self, Sums,
            filling::{FINDING, was_seen},
        },
        reading::TokenIs,
    },
};

/// Somebody who steals, as the organisation works on it: what was found, with copies that stay when the rest is forgotten.
#[derive(Clone)]
pub(crate) struct MisuseCase(pub(crate) misuse_case::Model);

connection!(
    /// Misuse cases.
    MisuseCaseConnection,
    MisuseCaseEdge,
    MisuseCase
);

/// Whether somebody works on a case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub(crate) enum CaseState {
    /// Somebody does.
    Open,
    /// Nobody does any more: after the days for which the organisation keeps sessions (365 where it does not say) it is
    /// removed.
    Closed,
}

/// A finding in a case, as it was when it was put in last.
#[derive(Clone, Debug, SimpleObject)]
pub(crate) struct CaseFinding {
    /// Its id in the case.
    id: ID,
    /// The token's id, where it is of a token.
    jti: Option<ID>,
    /// The viewer, where it is of a viewer.
    user: Option<String>,
    /// The address, where it is of an address.
    ip: Option<String>,
    /// Which, as in `SESSIONS`.
    code: String,
    /// What it adds to the score.
    weight: i32,
    /// Why, in words and numbers.
    evidence: String,
    /// Since when it held.
    first_at: DateTime<Utc>,
    /// Until when it was seen.
    last_at: DateTime<Utc>,
    /// When it was put in.
    added_at: DateTime<Utc>,
}

/// A token in a case, as it was when it was put in last.
#[derive(Clone, Debug, SimpleObject)]
pub(crate) struct CaseToken {
    /// Its id in the case.
    id: ID,
    /// The token's id.
    jti: ID,
    /// The viewer that it names.
    user: Option<String>,
    /// Its label.
    tag: Option<String>,
    /// What it is now; as it was then where it is not known any more, and none where it was signed elsewhere and not revoked.
    status: Option<TokenStatus>,
    /// Its score, the highest that was seen.
    score: i32,
    /// How many sessions it had.
    sessions: i32,
    /// When its first session began.
    first_at: DateTime<Utc>,
    /// When it was last heard of.
    last_at: DateTime<Utc>,
    /// When it was put in.
    added_at: DateTime<Utc>,
}

/// An address in a case, as it was when it was put in last. Once its days are over it is masked here too.
#[derive(Clone, Debug, SimpleObject)]
pub(crate) struct CaseAddress {
    /// Its id in the case.
    id: ID,
    /// The address, or the network.
    ip: String,
    /// In which country it is (ISO 3166-1 alpha-2), where that is known.
    country: Option<String>,
    /// In which network (AS number) it is, where that is known.
    asn: Option<i64>,
    /// Who runs that network, where it is known.
    provider: Option<String>,
    /// Its score, the highest that was seen.
    score: i32,
    /// How many sessions there were from it.
    sessions: i32,
    /// When the first of them began; none where nobody watched from it.
    first_at: Option<DateTime<Utc>>,
    /// When it was last heard of; none where nobody watched from it.
    last_at: Option<DateTime<Utc>>,
    /// When it was put in.
    added_at: DateTime<Utc>,
}

/// A session of what is in a case.
#[derive(Clone, Debug, SimpleObject)]
pub(crate) struct CaseSession {
    /// The session's id.
    id: ID,
    /// The stream's name.
    stream: String,
    /// By which protocol, as in `hls`.
    protocol: String,
    /// From where.
    address: String,
    /// In which country that is, where it is known.
    country: Option<String>,
    /// Who runs the network, where it is known.
    provider: Option<String>,
    /// The token's id.
    jti: Option<ID>,
    /// The viewer that the token names.
    user: Option<String>,
    /// When it began.
    started_at: DateTime<Utc>,
    /// When it ended; none where it went on then.
    ended_at: Option<DateTime<Utc>>,
}

/// What somebody wrote into a case.
#[derive(Clone, Debug)]
pub(crate) struct CaseNote(case_note::Model);

#[Object]
impl MisuseCase {
    /// Its id.
    async fn id(&self) -> ID {
        CaseId::from_uuid(self.0.id).to_string().into()
    }

    /// What people call it.
    async fn title(&self) -> &str {
        &self.0.title
    }

    /// Whether somebody works on it.
    async fn state(&self) -> CaseState {
        CaseState::of(&self.0.state)
    }

    /// Who opened it.
    async fn created_by(&self, context: &Context<'_>) -> Result<Option<Actor>> {
        let names = context.data_unchecked::<DataLoader<Names>>();
        Ok(names.load_one(self.0.created_by).await?)
    }

    /// When it was opened.
    async fn created_at(&self) -> DateTime<Utc> {
        super::moment(self.0.created_at)
    }

    /// When it was changed last.
    async fn updated_at(&self) -> DateTime<Utc> {
        super::moment(self.0.updated_at)
    }

    /// When it was closed; none while it is open.
    async fn closed_at(&self) -> Option<DateTime<Utc>> {
        self.0.closed_at.map(super::moment)
    }

    /// How many findings are in it.
    async fn finding_count(&self, context: &Context<'_>) -> Result<i32> {
        Ok(many(self.sums(context).await?.findings))
    }

    /// How many tokens are in it.
    async fn token_count(&self, context: &Context<'_>) -> Result<i32> {
        Ok(many(self.sums(context).await?.tokens))
    }

    /// How many addresses are in it.
    async fn address_count(&self, context: &Context<'_>) -> Result<i32> {
        Ok(many(self.sums(context).await?.addresses))
    }

    /// The findings in it, in the order in which they were put in.
    #[graphql(complexity = "LISTED * child_complexity + 1")]
    async fn findings(&self, context: &Context<'_>) -> Result<Vec<CaseFinding>> {
        let items = self.items(context, FINDING).await?;
        Ok(items.into_iter().map(|(row, _)| CaseFinding::of(row)).collect())
    }

    /// The tokens in it, in the order in which they were put in.
    #[graphql(complexity = "LISTED * child_complexity + 1")]
    async fn tokens(&self, context: &Context<'_>) -> Result<Vec<CaseToken>> {
        let items = self.items(context, TOKEN).await?;
        Ok(items.into_iter().map(|(row, is)| CaseToken::of(row, is)).collect())
    }

    /// The addresses in it, in the order in which they were put in.
    #[graphql(complexity = "LISTED * child_complexity + 1")]
    async fn addresses(&self, context: &Context<'_>) -> Result<Vec<CaseAddress>> {
        let items = self.items(context, ADDRESS).await?;
        Ok(items.into_iter().map(|(row, _)| CaseAddress::of(row)).collect())
    }

    /// The newest 20 sessions of each finding of a viewer, token and address in it, the first first.
    #[graphql(complexity = "LISTED * child_complexity + 1")]
    async fn sessions(&self, context: &Context<'_>) -> Result<Vec<CaseSession>> {
        let loader = context.data_unchecked::<DataLoader<CaseSessions>>();
        let rows = loader.load_one(self.own()).await?.unwrap_or_default();
        Ok(rows.into_iter().map(CaseSession::of).collect())
    }

    /// The notes in it, the first first.
    #[graphql(complexity = "LISTED * child_complexity + 1")]
    async fn notes(&self, context: &Context<'_>) -> Result<Vec<CaseNote>> {
        let loader = context.data_unchecked::<DataLoader<CaseNotes>>();
        let rows = loader.load_one(self.own()).await?.unwrap_or_default();
        Ok(rows.into_iter().map(CaseNote).collect())
    }

    /// The highest score in it.
    async fn score(&self, context: &Context<'_>) -> Result<i32> {
        Ok(self.sums(context).await?.score)
    }
}

impl MisuseCase {
    pub(crate) fn key(row: &misuse_case::Model) -> String {
        CaseId::from_uuid(row.id).to_string()
    }

    /// What the columns of a file are called.
    pub(crate) const HEADING: [&'static str; 11] = [
        "id",
        "title",
        "state",
        "created_by",
        "created_at",
        "updated_at",
        "closed_at",
        "findings",
        "tokens",
        "addresses",
        "score",
    ];

    /// A line of a file: who opened it, and what is in it.
    pub(crate) fn cells(self, created_by: String, sums: Sums) -> [String; 11] {
        let Self(row) = self;
        [
            Self::key(&row),
            row.title,
            row.state,
            created_by,
            super::written(super::moment(row.created_at)),
            super::written(super::moment(row.updated_at)),
            row.closed_at.map(super::moment).map(super::written).unwrap_or_default(),
            sums.findings.to_string(),
            sums.tokens.to_string(),
            sums.addresses.to_string(),
            sums.score.to_string(),
        ]
    }

    fn own(&self) -> Own<Uuid> {
        (OrganisationId::from_uuid(self.0.organisation_id), self.0.id)
    }

    async fn sums(&self, context: &Context<'_>) -> Result<Sums> {
        let loader = context.data_unchecked::<DataLoader<CaseSums>>();
        Ok(loader.load_one(self.own()).await?.unwrap_or_default())
    }

    async fn items(&self, context: &Context<'_>, kind: &str) -> Result<Vec<(case_item::Model, Option<TokenIs>)>> {
        let loader = context.data_unchecked::<DataLoader<CaseItems>>();
        let mut items = loader.load_one(self.own()).await?.unwrap_or_default();
        items.retain(|(row, _)| row.kind == kind);
        Ok(items)
    }
}

impl CaseState {
    /// As columns have it.
    pub(crate) const fn column(self) -> &'static str {
        match self {
            Self::Open => cases::OPEN,
            Self::Closed => cases::CLOSED,
        }
    }

    fn of(column: &str) -> Self {
        if column == cases::CLOSED {
            Self::Closed
        } else {
            Self::Open
        }
    }
}

fn id(row: &case_item::Model) -> ID {
    CaseItemId::from_uuid(row.id).to_string().into()
}

fn many(count: i64) -> i32 {
    super::count(u64::try_from(count).unwrap_or_default())
}

impl CaseFinding {
    fn of(row: case_item::Model) -> Self {
        let of = |kind: &str| (row.subject_kind == kind).then(|| row.subject.clone());
        Self {
            id: id(&row),
            jti: of(TOKEN).map(ID),
            user: of(USER),
            ip: of(ADDRESS),
            code: row.indicator.unwrap_or_default(),
            weight: row.points,
            evidence: row.evidence,
            first_at: super::moment(row.first_at),
            last_at: super::moment(row.last_at),
            added_at: super::moment(row.added_at),
        }
    }
}

impl CaseToken {
    fn of(row: case_item::Model, is: Option<TokenIs>) -> Self {
        let then = match row.status.as_deref() {
            Some("active") => Some(TokenIs::Active),
            Some("revoked") => Some(TokenIs::Revoked),
            Some("expired") => Some(TokenIs::Expired),
            _ => None,
        };
        Self {
            id: id(&row),
            jti: row.subject.into(),
            user: row.viewer,
            tag: row.tag,
            status: is.or(then).map(Into::into),
            score: row.points,
            sessions: many(row.sessions),
            first_at: super::moment(row.first_at),
            last_at: super::moment(row.last_at),
            added_at: super::moment(row.added_at),
        }
    }
}

impl CaseAddress {
    fn of(row: case_item::Model) -> Self {
        let seen = was_seen(&row);
        Self {
            id: id(&row),
            ip: row.subject,
            country: row.country,
            asn: row.asn,
            provider: row.provider,
            score: row.points,
            sessions: many(row.sessions),
            first_at: seen.then(|| super::moment(row.first_at)),
            last_at: seen.then(|| super::moment(row.last_at)),
            added_at: super::moment(row.added_at),
        }
    }
}

impl CaseSession {
    fn of(row: case_session::Model) -> Self {
        Self {
            id: SessionId::from_uuid(row.session_id).to_string().into(),
            stream: row.stream,
            protocol: row.protocol,
            address: row.address,
            country: row.country,
            provider: row.provider,
            jti: row.jti.map(ID),
            user: row.viewer,
            started_at: super::moment(row.started_at),
            ended_at: row.ended_at.map(super::moment),
        }
    }
}

#[Object]
impl CaseNote {
    /// Its id.
    async fn id(&self) -> ID {
        CaseNoteId::from_uuid(self.0.id).to_string().into()
    }

    /// What they wrote.
    async fn text(&self) -> &str {
        &self.0.text
    }

    /// Who wrote it.
    async fn created_by(&self, context: &Context<'_>) -> Result<Option<Actor>> {
        let names = context.data_unchecked::<DataLoader<Names>>();
        Ok(names.load_one(self.0.created_by).await?)
    }

    /// When it was written.
    async fn created_at(&self) -> DateTime<Utc> {
        super::moment(self.0.created_at)
    }
}

/// As how many each list of a case counts, for how much a request asks; they are as long as a page, where people fill them.
const LISTED: usize = 20;
