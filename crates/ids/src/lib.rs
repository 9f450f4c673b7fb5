//! Typed identifiers: every kind of object has an id of its own type, and names its kind when printed.
//!
//! An id prints as a prefix and 26 characters (`str_01k9…`), holds a UUIDv7, and parses only its own kind. Nothing
//! here reads a clock or draws randomness: whoever mints passes both.
#![cfg_attr(
    not(test),
    deny(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing,
        clippy::string_slice,
        clippy::arithmetic_side_effects
    )
)]

mod base32;
mod id;
mod name;

pub use id::{
    AlertDeliveryId, AlertId, AlertReceiverId, AlertRuleId, ApiTokenId, AuditId, CaseId, CaseItemId, CaseNoteId,
    ChangeId, DecisionId, FindingId, GroupId, IdError, InvitationId, KeyId, MailId, MemberId, NodeId, OrganisationId,
    PackageRequestId, PasskeyId, PasswordResetId, ProviderId, RecoveryCodeId, RequestId, ResponseId, RuleId, SessionId,
    SignInId, StaticTokenId, StreamId, TokenId, UseId, UserId, WebhookDeliveryId, WebhookId,
};
pub use name::{NameError, OrganisationHash, StreamName};
