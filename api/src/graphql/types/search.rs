//! What a search finds.

use async_graphql::{Context, Enum, Object, Result};

use super::{
    AuditEntry, GuardianRule, Member, Part, PlaybackToken, Stream,
    page::{connection, wanted},
};
use crate::{
    fault::Fault,
    graphql::state,
    people::Acting,
    search::{self, Asked, Kind, Object as Found, Place},
};

/// Something found.
#[derive(Clone)]
pub(crate) struct SearchHit {
    place: Place,
    object: Shown,
}

connection!(
    /// What was found: whole names first, then beginnings, then the rest; the newest first.
    SearchConnection,
    SearchEdge,
    SearchHit
);

#[derive(Clone)]
enum Shown {
    Stream(Box<Stream>),
    Token(Box<PlaybackToken>),
    Rule(Box<GuardianRule>),
    Member(Box<Member>),
    Audit(Box<AuditEntry>),
}

#[Object]
impl SearchHit {
    /// What it is: the one of `stream`, `token`, `rule`, `member` and `auditEntry` that is not null.
    async fn kind(&self) -> SearchKind {
        match self.object {
            Shown::Stream(_) => SearchKind::Stream,
            Shown::Token(_) => SearchKind::Token,
            Shown::Rule(_) => SearchKind::Rule,
            Shown::Member(_) => SearchKind::Member,
            Shown::Audit(_) => SearchKind::Audit,
        }
    }

    /// How well it fits.
    async fn fit(&self) -> SearchFit {
        match self.place {
            Place::Whole => SearchFit::Exact,
            Place::Beginning => SearchFit::Prefix,
            Place::Inside => SearchFit::Substring,
            Place::Similar => SearchFit::Similar,
        }
    }

    /// The stream that was found.
    async fn stream(&self) -> Option<Stream> {
        match &self.object {
            Shown::Stream(stream) => Some((**stream).clone()),
            _ => None,
        }
    }

    /// The record of the token that was found.
    async fn token(&self) -> Option<PlaybackToken> {
        match &self.object {
            Shown::Token(token) => Some((**token).clone()),
            _ => None,
        }
    }

    /// The Guardian rule that was found.
    async fn rule(&self) -> Option<GuardianRule> {
        match &self.object {
            Shown::Rule(rule) => Some((**rule).clone()),
            _ => None,
        }
    }

    /// The member who was found.
    async fn member(&self) -> Option<Member> {
        match &self.object {
            Shown::Member(member) => Some((**member).clone()),
            _ => None,
        }
    }

    /// The entry of the audit log that was found.
    async fn audit_entry(&self) -> Option<AuditEntry> {
        match &self.object {
            Shown::Audit(entry) => Some((**entry).clone()),
            _ => None,
        }
    }
}

/// What can be found. More kinds may come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "Kind")]
pub(crate) enum SearchKind {
    /// Streams, by name, title and tags.
    Stream,
    /// Records of playback tokens, by `jti`, viewer and label; for those who may read them.
    Token,
    /// Guardian rules, by value and note; for those who may read them.
    Rule,
    /// Members, by name and address; for administrators.
    Member,
    /// Entries of the audit log, by operation, object, request and address; for administrators.
    Audit,
}

/// How well something fits the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub(crate) enum SearchFit {
    /// One of its texts is the text.
    Exact,
    /// One of its texts begins with the text.
    Prefix,
    /// One of its texts has the text in it.
    Substring,
    /// One of its texts is like the text. Only where a search engine is configured.
    Similar,
}

/// What of the organisation has the text.
pub(crate) async fn connection_of(
    context: &Context<'_>,
    acting: &Acting,
    text: &str,
    kinds: Option<Vec<SearchKind>>,
    (first, after): (Option<i32>, Option<&str>),
) -> Result<SearchConnection> {
    let kinds: Option<Vec<Kind>> = kinds.map(|kinds| kinds.into_iter().map(Into::into).collect());
    let asked = Asked {
        text,
        kinds: kinds.as_deref(),
    };
    let page = search::search(state(context), acting, asked, &wanted(context, first, after)?).await?;
    let page = page.try_map(|hit| {
        let object = match hit.object {
            Found::Stream(row) => Shown::Stream(Box::new(Stream(*row))),
            Found::Token(row) => Shown::Token(Box::new(PlaybackToken(*row))),
            Found::Rule(row) => Shown::Rule(Box::new(GuardianRule::of(*row)?)),
            Found::Member(known) => Shown::Member(Box::new(Member::of(acting, *known)?)),
            Found::Audit(row) => Shown::Audit(Box::new(AuditEntry(*row))),
        };
        Ok::<_, Fault>((
            hit.key,
            SearchHit {
                place: hit.place,
                object,
            },
        ))
    })?;
    Ok(Part::of(page, |(key, _)| key.clone(), |(_, hit)| hit).into())
}
