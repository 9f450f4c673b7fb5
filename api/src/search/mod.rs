//! Search: one text over streams, tokens, rules, members and the audit log of one organisation.
//!
//! A store says which objects have the text, best first; what is shown of them is read from the tables, within the tenant,
//! so whatever an index outside still holds of what is gone or others' is not found. Kinds that a role may not read are not
//! asked for. The database is the store, or Meilisearch where it is configured; then the database answers whenever that
//! does not.

mod meilisearch;
mod tables;
mod text;

use std::{cmp::Reverse, collections::HashMap};

use authz::Action;
use entity::{Tenanted, audit_entry, guardian_rule, playback_token, stream};
use futures_util::future::try_join_all;
use ids::{AuditId, MemberId, OrganisationId, RuleId, StreamId, TokenId};
pub use meilisearch::{Key, Meilisearch, MeilisearchError, ReindexError, Reindexed, SearchKey, reindex};
pub(crate) use meilisearch::{Outside, forget, run};
use sea_orm::{ColumnTrait, DbErr, QueryFilter};
pub(crate) use text::Place;
use text::Text;
use uuid::Uuid;

use crate::{
    count,
    fault::Fault,
    people::Acting,
    service::{
        members::{self, Known},
        page::{Page, Wanted},
    },
    state::State,
};

/// A kind of object that can be found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Kind {
    Stream,
    Token,
    Rule,
    Member,
    Audit,
}

/// Something found.
#[derive(Clone, Debug)]
pub(crate) struct Hit {
    /// What its cursor is made of.
    pub(crate) key: String,
    pub(crate) place: Place,
    pub(crate) object: Object,
}

/// What was found, as the tables have it.
#[derive(Clone, Debug)]
pub(crate) enum Object {
    Stream(Box<stream::Model>),
    Token(Box<playback_token::Model>),
    Rule(Box<guardian_rule::Model>),
    Member(Box<Known>),
    Audit(Box<audit_entry::Model>),
}

/// What a store knows of something found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Found {
    kind: Kind,
    id: Uuid,
    place: Place,
}

/// What somebody looks for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Asked<'a> {
    pub(crate) text: &'a str,
    /// Among these; all unless said.
    pub(crate) kinds: Option<&'a [Kind]>,
}

/// A page of what the role may read and has the text: whole names first, then beginnings, then the rest; streams before
/// tokens, rules, members and the audit log; the newest first.
pub(crate) async fn search(
    state: &State,
    acting: &Acting,
    asked: Asked<'_>,
    wanted: &Wanted,
) -> Result<Page<Hit>, Fault> {
    let text = Text::parse(asked.text)?;
    let kinds: Vec<_> = Kind::ALL
        .into_iter()
        .filter(|kind| asked.kinds.is_none_or(|kinds| kinds.contains(kind)))
        .filter(|kind| acting.may(state, kind.needs()))
        .collect();
    let mut found = match text {
        Some(text) if !kinds.is_empty() => find(state, acting.id, &kinds, &text).await?,
        _ => Vec::new(),
    };
    found.sort_by_key(Found::order);
    let page = wanted.cut_sorted(found, Found::cursor)?;
    let mut objects = hydrate(state, acting.id, &page.rows).await?;
    let rows = page.rows.iter().filter_map(|found| {
        let object = objects.remove(&(found.kind, found.id))?;
        Some(Hit {
            key: found.cursor(),
            place: found.place,
            object,
        })
    });
    Ok(Page {
        rows: rows.collect(),
        has_previous: page.has_previous,
        has_next: page.has_next,
        total: page.total,
    })
}

/// Asks the store: [`MOST`] of each kind at most.
async fn find(state: &State, organisation: OrganisationId, kinds: &[Kind], text: &Text) -> Result<Vec<Found>, Fault> {
    if let Some(outside) = &state.search
        && let Some(found) = outside.find(state, organisation, kinds, text).await
    {
        return Ok(found);
    }
    count::search("database");
    let each = kinds
        .iter()
        .map(|kind| tables::find(state.store.read(), organisation, *kind, text));
    let found: Vec<Vec<Found>> = try_join_all(each).await?;
    Ok(found.into_iter().flatten().collect())
}

/// What was found, as the tables have it now; what is not there any more is left out.
async fn hydrate(
    state: &State,
    organisation: OrganisationId,
    found: &[Found],
) -> Result<HashMap<(Kind, Uuid), Object>, Fault> {
    let connection = state.store.read();
    let ids = |kind| -> Vec<Uuid> {
        let of_kind = found.iter().filter(|found| found.kind == kind);
        of_kind.map(|found| found.id).collect()
    };
    let mut objects = HashMap::new();
    let wanted = ids(Kind::Stream);
    if !wanted.is_empty() {
        let rows = stream::Entity::in_tenant(organisation)
            .filter(stream::Column::Id.is_in(wanted))
            .filter(stream::Column::DeletedAt.is_null());
        let rows = rows.all(connection).await?;
        objects.extend(
            rows.into_iter()
                .map(|row| ((Kind::Stream, row.id), Object::Stream(Box::new(row)))),
        );
    }
    let wanted = ids(Kind::Token);
    if !wanted.is_empty() {
        let rows = playback_token::Entity::in_tenant(organisation).filter(playback_token::Column::Id.is_in(wanted));
        let rows = rows.all(connection).await?;
        objects.extend(
            rows.into_iter()
                .map(|row| ((Kind::Token, row.id), Object::Token(Box::new(row)))),
        );
    }
    let wanted = ids(Kind::Rule);
    if !wanted.is_empty() {
        let rows = guardian_rule::Entity::in_tenant(organisation).filter(guardian_rule::Column::Id.is_in(wanted));
        let rows = rows.all(connection).await?;
        objects.extend(
            rows.into_iter()
                .map(|row| ((Kind::Rule, row.id), Object::Rule(Box::new(row)))),
        );
    }
    let wanted = ids(Kind::Member);
    if !wanted.is_empty() {
        let people = members::by_ids(connection, organisation, wanted).await?;
        let people = people
            .into_iter()
            .map(|known| ((Kind::Member, known.member.id), Object::Member(Box::new(known))));
        objects.extend(people);
    }
    let wanted = ids(Kind::Audit);
    if !wanted.is_empty() {
        let rows = audit_entry::Entity::in_tenant(organisation).filter(audit_entry::Column::Id.is_in(wanted));
        let rows = rows.all(connection).await?;
        objects.extend(
            rows.into_iter()
                .map(|row| ((Kind::Audit, row.id), Object::Audit(Box::new(row)))),
        );
    }
    Ok(objects)
}

impl Kind {
    /// In the order in which they are shown.
    pub(crate) const ALL: [Self; 5] = [Self::Stream, Self::Token, Self::Rule, Self::Member, Self::Audit];

    /// As columns and indices have it.
    const fn as_str(self) -> &'static str {
        match self {
            Self::Stream => "stream",
            Self::Token => "token",
            Self::Rule => "rule",
            Self::Member => "member",
            Self::Audit => "audit",
        }
    }

    fn of_column(column: &str) -> Result<Self, DbErr> {
        let kind = Self::ALL.into_iter().find(|kind| kind.as_str() == column);
        kind.ok_or_else(|| DbErr::Custom(format!("a row holds what cannot be: {column}")))
    }

    /// What reading it needs.
    const fn needs(self) -> Action {
        match self {
            Self::Stream => Action::StreamRead,
            Self::Token => Action::TokenRead,
            Self::Rule => Action::RuleRead,
            Self::Member => Action::MemberRead,
            Self::Audit => Action::AuditRead,
        }
    }

    /// An id of this kind, as it is written outside.
    fn id(self, id: Uuid) -> String {
        match self {
            Self::Stream => StreamId::from_uuid(id).to_string(),
            Self::Token => TokenId::from_uuid(id).to_string(),
            Self::Rule => RuleId::from_uuid(id).to_string(),
            Self::Member => MemberId::from_uuid(id).to_string(),
            Self::Audit => AuditId::from_uuid(id).to_string(),
        }
    }

    /// The id of this kind that a text is.
    fn parse(self, id: &str) -> Option<Uuid> {
        match self {
            Self::Stream => id.parse().ok().map(StreamId::uuid),
            Self::Token => id.parse().ok().map(TokenId::uuid),
            Self::Rule => id.parse().ok().map(RuleId::uuid),
            Self::Member => id.parse().ok().map(MemberId::uuid),
            Self::Audit => id.parse().ok().map(AuditId::uuid),
        }
    }
}

impl Found {
    fn order(&self) -> (Place, Kind, Reverse<Uuid>) {
        (self.place, self.kind, Reverse(self.id))
    }

    /// What a cursor to it is made of: its place in the order, so that what comes or goes meanwhile moves nothing.
    fn cursor(&self) -> String {
        // Complemented, so that texts are in the order of the list.
        format!("{}{}{:032x}", self.place as u8, self.kind as u8, !self.id.as_u128())
    }
}

/// How many of each kind are found at most.
const MOST: u64 = 200;
