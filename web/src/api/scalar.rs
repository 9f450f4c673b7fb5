//! Scalars and enums of the schema.

use super::schema;

/// RFC 3339, as the server writes it.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(transparent)]
pub(crate) struct DateTime(pub(crate) String);
cynic::impl_scalar!(DateTime, schema::DateTime);

/// What a member may do is told by the server; the name of the role is for people.
#[derive(cynic::Enum, Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    #[cynic(rename = "nanoAdmin")]
    Admin,
    #[cynic(rename = "nanoUser")]
    User,
    #[cynic(rename = "nanoReadOnly")]
    ReadOnly,
}

impl Role {
    pub(crate) const fn label(self) -> &'static str {
        match self {
            Self::Admin => "nanoAdmin",
            Self::User => "nanoUser",
            Self::ReadOnly => "nanoReadOnly",
        }
    }

    /// The roles, the weakest first.
    pub(crate) const ALL: [Self; 3] = [Self::ReadOnly, Self::User, Self::Admin];

    /// What the role is for, in a sentence.
    pub(crate) const fn sentence(self) -> &'static str {
        match self {
            Self::Admin => "May do everything in this organisation.",
            Self::User => {
                "May create streams and tokens and revoke single tokens; may not stop, lock or delete streams."
            }
            Self::ReadOnly => "May look and watch, but change nothing.",
        }
    }
}

/// Where a stream is in its life.
#[derive(cynic::Enum, Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum StreamState {
    Created,
    Live,
    Ended,
    Stopped,
    Locked,
    Deleted,
}

/// Whether a token still opens.
#[derive(cynic::Enum, Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TokenStatus {
    Active,
    Revoked,
    Expired,
}

impl TokenStatus {
    /// A word that tells them apart.
    pub(crate) const fn as_word(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Revoked => "revoked",
            Self::Expired => "expired",
        }
    }
}
