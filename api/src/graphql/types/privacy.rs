//! For how long viewers are known: each organisation's own word.

use async_graphql::{Enum, InputObject, SimpleObject};
use entity::organisation;

use crate::privacy::Masking;

/// What becomes of viewers' addresses once their days are over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "Masking")]
pub(crate) enum AddressMasking {
    /// The network that they are in: the /24 of an IPv4 address, the /48 of an IPv6 one.
    Truncated,
    /// A name that says nothing, the same for the same address of one week; its key is destroyed.
    Hashed,
}

/// For how long viewers' addresses are full, and what becomes of them then.
#[derive(Clone, Copy, Debug, SimpleObject)]
pub(crate) struct PrivacySettings {
    /// For how many days they are full, from the beginning of a session on.
    address_days: i32,
    /// What becomes of them then, wherever they are remembered. Whom rules and tokens let in does not depend on it.
    addresses_afterwards: AddressMasking,
}

/// What of it is to be different; what is left out stays. What was masked stays so.
#[derive(Clone, Copy, Debug, InputObject)]
pub(crate) struct PrivacyInput {
    /// For how many days they are full: 1 to 3650.
    pub(crate) address_days: Option<i64>,
    /// What becomes of them then.
    pub(crate) addresses_afterwards: Option<AddressMasking>,
}

/// For how long it is remembered what was watched: sessions, findings, refusals, and sums by the minute.
#[derive(Clone, Copy, Debug, SimpleObject)]
pub(crate) struct RetentionSettings {
    /// For how many days, and never longer than the package `ANALYTICS` says; none: as that says.
    days: Option<i32>,
}

/// For how long it is to be remembered what was watched.
#[derive(Clone, Copy, Debug, InputObject)]
pub(crate) struct RetentionInput {
    /// For how many days: 1 to 3650; none: as the package `ANALYTICS` says.
    pub(crate) days: Option<i64>,
}

impl PrivacySettings {
    pub(crate) fn of(row: &organisation::Model) -> Self {
        Self {
            address_days: row.address_days,
            addresses_afterwards: Masking::of_column(&row.address_after).into(),
        }
    }
}

impl RetentionSettings {
    pub(crate) fn of(row: &organisation::Model) -> Self {
        Self { days: row.keep_days }
    }
}
