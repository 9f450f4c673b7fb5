//! The three built-in roles.

use std::{fmt, str::FromStr};

/// What a member is in an organisation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// Everything.
    Admin,
    /// The daily work.
    User,
    /// Looking on.
    ReadOnly,
}

/// A text that names no role.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a role")]
pub struct UnknownRole;

impl Role {
    /// Every role, the most powerful first.
    pub const ALL: [Self; 3] = [Self::Admin, Self::User, Self::ReadOnly];

    /// Whether this role may more than `other`.
    pub fn exceeds(self, other: Self) -> bool {
        // The order of the variants: the most powerful first.
        self < other
    }

    /// The public name, as in `nanoAdmin`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Admin => "nanoAdmin",
            Self::User => "nanoUser",
            Self::ReadOnly => "nanoReadOnly",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Role {
    type Err = UnknownRole;

    fn from_str(text: &str) -> Result<Self, UnknownRole> {
        Self::ALL
            .into_iter()
            .find(|role| role.as_str() == text)
            .ok_or(UnknownRole)
    }
}
