//! A token as it stands beside each session that runs or ran on it: enough to say later how it stands, where there is no
//! record of it.

use entity::{session, session_token};
use guard::{Grant, Timestamp, Word, lint::Marks};

/// The columns.
#[derive(Clone, Debug, Default)]
pub(crate) struct Shown {
    pub(crate) kid: Option<String>,
    pub(crate) issued_at: Option<i64>,
    pub(crate) expires_at: Option<i64>,
    pub(crate) revocable: Option<bool>,
    pub(crate) word: Option<String>,
}

impl Shown {
    /// Of the token behind a session.
    pub(super) fn of(grant: Option<&Grant>) -> Self {
        grant.map_or_else(Self::default, |grant| Self {
            kid: grant.kid.as_deref().map(str::to_owned),
            issued_at: grant.issued.map(Timestamp::us),
            expires_at: Some(grant.expires.us()),
            revocable: Some(grant.revocable),
            word: Some(column(grant.word).to_owned()),
        })
    }

    /// The token again; none where a session is from before that was kept.
    fn grant(self, jti: &str, user: Option<&str>, tag: Option<&str>) -> Option<Grant> {
        Some(Grant {
            jti: jti.into(),
            kid: self.kid.map(Into::into),
            user: user.map(Into::into),
            tag: tag.map(Into::into),
            issued: self.issued_at.map(Timestamp::from_us),
            expires: Timestamp::from_us(self.expires_at?),
            revocable: self.revocable?,
            word: word(self.word.as_deref()?)?,
            marks: Marks::default(),
        })
    }
}

/// The newest token of a session.
pub(crate) fn newest(row: &session::Model) -> Option<Grant> {
    let shown = Shown {
        kid: row.token_kid.clone(),
        issued_at: row.token_issued_at,
        expires_at: row.token_expires_at,
        revocable: row.token_revocable,
        word: row.token_word.clone(),
    };
    shown.grant(row.jti.as_deref()?, row.viewer.as_deref(), row.tag.as_deref())
}

/// The column of a session in which its newest token stands, and the one of its earlier tokens that says the same.
pub(crate) const BESIDE: [(session::Column, session_token::Column); 7] = [
    (session::Column::Jti, session_token::Column::Jti),
    (session::Column::Tag, session_token::Column::Tag),
    (session::Column::TokenKid, session_token::Column::TokenKid),
    (session::Column::TokenIssuedAt, session_token::Column::TokenIssuedAt),
    (session::Column::TokenExpiresAt, session_token::Column::TokenExpiresAt),
    (session::Column::TokenRevocable, session_token::Column::TokenRevocable),
    (session::Column::TokenWord, session_token::Column::TokenWord),
];

fn column(word: Word) -> &'static str {
    match word {
        Word::Signed { ours: true } => "ours",
        Word::Signed { ours: false } => "foreign",
        Word::Listed => "listed",
        Word::Backend { .. } => "backend",
    }
}

fn word(column: &str) -> Option<Word> {
    match column {
        "ours" => Some(Word::Signed { ours: true }),
        "foreign" => Some(Word::Signed { ours: false }),
        "listed" => Some(Word::Listed),
        "backend" => Some(Word::Backend { until: None }),
        _ => None,
    }
}
