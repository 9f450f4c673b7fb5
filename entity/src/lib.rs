//! Tables as types, read from a tenant only.
//!
//! Every query begins with [`Tenanted::in_tenant`], or with [`Table::across_tenants`] and a reason that a golden file
//! lists. Every column `…_at` holds microseconds since 1970 in UTC, from the clock that the control plane was given.

pub mod address_key;
pub mod address_mask;
pub mod alert;
pub mod alert_delivery;
pub mod alert_receiver;
pub mod alert_rule;
pub mod api_token;
pub mod app_user;
pub mod audit_chain;
pub mod audit_entry;
pub mod banned_viewer;
pub mod barred_sign_in;
pub mod case_item;
pub mod case_note;
pub mod case_session;
pub mod change;
pub mod denial;
pub mod denial_minute;
pub mod finding;
pub mod guardian_rule;
pub mod identity_provider;
pub mod invitation;
pub mod jwks_key;
pub mod mail;
pub mod member;
pub mod misuse_case;
pub mod organisation;
pub mod outbox;
pub mod package_grant;
pub mod package_request;
pub mod passkey;
pub mod password_reset;
pub mod playback_token;
pub mod playback_token_stream;
pub mod provider_domain;
pub mod provider_identity;
pub mod quality_minute;
pub mod recovery_code;
pub mod response;
pub mod revocation;
pub mod rule_count;
pub mod search_feed;
pub mod search_index;
pub mod session;
pub mod session_bar;
pub mod session_token;
pub mod sign_in;
pub mod signing_key;
pub mod static_token;
pub mod stream;
pub mod stream_group;
pub mod stream_tag;
mod tenant;
pub mod token_address;
pub mod token_handle;
pub mod token_use;
pub mod totp;
pub mod usage_hour;
pub mod usage_minute;
pub mod weak_token;
pub mod webhook;
pub mod webhook_delivery;

pub use tenant::{Table, Tenanted};
