//! Whoever did something.

use super::schema;

/// A person, or software.
#[derive(cynic::QueryFragment, Clone, Debug, PartialEq, Eq)]
pub(crate) struct Actor {
    pub(crate) id: cynic::Id,
    pub(crate) name: String,
}

#[derive(cynic::Enum, Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ActorKind {
    ApiToken,
    Nobody,
    Platform,
    User,
}

impl ActorKind {
    /// What to call whoever has no name here.
    pub(crate) const fn label(self) -> &'static str {
        match self {
            Self::ApiToken => "Software",
            Self::Nobody => "Nobody known",
            Self::Platform => "The platform",
            Self::User => "A person",
        }
    }
}
