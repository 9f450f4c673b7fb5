//! Scalars and enums of the schema.

use super::schema;

/// RFC 3339, as the server writes it.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(transparent)]
pub(crate) struct DateTime(pub(crate) String);
cynic::impl_scalar!(DateTime, schema::DateTime);

/// What a field that may be empty is to be: as it is, which is not sent, or this, or empty.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) enum Wish<T> {
    #[default]
    Stays,
    Is(Option<T>),
}

impl<T: cynic::coercions::CoercesTo<L>, L> cynic::coercions::CoercesTo<Option<L>> for Wish<T> {}

impl<T: cynic::schema::IsScalar<S>, S> cynic::schema::IsScalar<S> for Wish<T> {
    type SchemaType = T::SchemaType;
}

impl<T: cynic::Enum> cynic::Enum for Wish<T> {
    type SchemaType = T::SchemaType;
}

impl<'de, T: serde::Deserialize<'de>> serde::Deserialize<'de> for Wish<T> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Option::deserialize(deserializer).map(Self::Is)
    }
}

impl<T: serde::Serialize> serde::Serialize for Wish<T> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.value().serialize(serializer)
    }
}

impl<T> Wish<T> {
    pub(crate) const fn stays(&self) -> bool {
        matches!(self, Self::Stays)
    }

    /// What it is to be, where it is to be anything.
    pub(crate) const fn value(&self) -> Option<&T> {
        match self {
            Self::Is(Some(value)) => Some(value),
            Self::Is(None) | Self::Stays => None,
        }
    }
}

impl<T: PartialEq> Wish<T> {
    /// What of it differs from what was.
    pub(crate) fn against(self, before: &Self) -> Self {
        if self.value() == before.value() {
            Self::Stays
        } else {
            self
        }
    }
}

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
