//! Weak tokens that were seen at the doors.

use async_graphql::{ID, SimpleObject};
use chrono::{DateTime, Utc};
use entity::weak_token;
use guard::lint::Finding;

use super::TokenAdvice;

/// Something that could be better about tokens of one key, as nodes saw them.
#[derive(Clone, Debug, SimpleObject)]
pub(crate) struct WeakTokens {
    /// What it is.
    advice: TokenAdvice,
    /// The name of the key that signed them; none for static tokens.
    kid: Option<String>,
    /// Whether that is one of ours.
    ours: bool,
    /// How often a session began on such a token, or went on with one.
    sessions: i32,
    /// When that was first.
    first_seen_at: DateTime<Utc>,
    /// When that was last.
    last_seen_at: DateTime<Utc>,
    /// The id of the last of them.
    jti: ID,
}

impl WeakTokens {
    /// As the row says; none where its number means nothing here.
    pub(crate) fn of(row: weak_token::Model) -> Option<Self> {
        let finding = Finding::of_number(u8::try_from(row.mark).ok()?)?;
        Some(Self {
            advice: finding.into(),
            kid: Some(row.kid).filter(|kid| !kid.is_empty()),
            ours: row.ours,
            sessions: i32::try_from(row.sessions).unwrap_or(i32::MAX),
            first_seen_at: super::moment(row.first_at),
            last_seen_at: super::moment(row.last_at),
            jti: ID(row.jti),
        })
    }
}
