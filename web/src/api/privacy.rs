//! For how long viewers are known, and erasing one.

use super::{operations::mutations, people::UserError, schema};

/// What becomes of viewers' addresses once their days are over.
#[derive(cynic::Enum, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum AddressMasking {
    #[default]
    Truncated,
    Hashed,
}

#[derive(cynic::QueryFragment, Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct PrivacySettings {
    pub(crate) address_days: i32,
    pub(crate) addresses_afterwards: AddressMasking,
}

#[derive(cynic::QueryFragment, Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct RetentionSettings {
    pub(crate) days: Option<i32>,
}

#[derive(cynic::InputObject, Clone, Copy, Debug)]
pub(crate) struct PrivacyInput {
    pub(crate) address_days: Option<i32>,
    pub(crate) addresses_afterwards: Option<AddressMasking>,
}

/// `None`: as the package says.
#[derive(cynic::InputObject, Clone, Copy, Debug)]
pub(crate) struct RetentionInput {
    pub(crate) days: Option<i32>,
}

#[derive(cynic::InputObject, Debug)]
pub(crate) struct EraseViewerInput {
    pub(crate) user: String,
}

/// What there was of a viewer.
#[derive(cynic::QueryFragment, Debug)]
pub(crate) struct EraseViewerPayload {
    pub(crate) sessions: i32,
    pub(crate) findings: i32,
    pub(crate) tokens: i32,
    errors: Vec<UserError>,
}

mutations! {
    /// Erases a viewer from what is remembered.
    erase_viewer(EraseViewerInput) -> EraseViewerPayload;
}
