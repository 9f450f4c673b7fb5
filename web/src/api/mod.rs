//! The public GraphQL API as this dashboard uses it: a module per subject, a function per operation.

pub(crate) mod account;
pub(crate) mod actions;
pub(crate) mod actor;
pub(crate) mod alert_saving;
pub(crate) mod alerts;
pub(crate) mod api_tokens;
pub(crate) mod audit;
pub(crate) mod bans;
pub(crate) mod cases;
pub(crate) mod changes;
pub(crate) mod client;
pub(crate) mod decisions;
pub(crate) mod doors;
pub(crate) mod events;
pub(crate) mod failure;
pub(crate) mod findings;
pub(crate) mod geolocation;
pub(crate) mod live;
pub(crate) mod members;
pub(crate) mod misuse;
mod operations;
pub(crate) mod organisation;
pub(crate) mod overview;
pub(crate) mod page;
pub(crate) mod people;
pub(crate) mod platform;
pub(crate) mod privacy;
pub(crate) mod provider;
pub(crate) mod quality;
pub(crate) mod responses;
pub(crate) mod revocation;
pub(crate) mod rule_import;
pub(crate) mod rules;
pub(crate) mod scalar;
pub(crate) mod search;
pub(crate) mod sessions;
pub(crate) mod signing_keys;
pub(crate) mod static_tokens;
pub(crate) mod streams;
pub(crate) mod token_looks;
pub(crate) mod token_making;
pub(crate) mod tokens;
pub(crate) mod viewer_usage;
pub(crate) mod weak_tokens;
pub(crate) mod webhooks;

#[cynic::schema("portcullis")]
#[expect(
    unreachable_pub,
    reason = "generated from the SDL, and of use inside this program only"
)]
pub(crate) mod schema {}
