//! The pages, one module each.

mod account;
mod activity;
mod alerts;
mod api_tokens;
mod audit;
mod door;
mod guardian;
mod invitation;
mod lacking;
mod located;
mod missing;
mod misuse;
mod organisation;
mod outside;
mod overview;
mod platform;
mod quality;
mod reset;
mod sign_in;
mod stream;
mod streams;
mod timeline;
mod tokens;
mod watch;
mod why;

pub(crate) use self::misuse::{
    CasePage, Cases, Findings, IpView, Responses, TokenView, ViewerView, is_open as is_misuse_open,
};
pub(crate) use account::{Account, AccountSecurity, AccountTokens};
pub(crate) use activity::{Activity, Changes};
pub(crate) use alerts::{AlertReceivers, AlertRules, Alerts};
pub(crate) use audit::Audit;
pub(crate) use guardian::Guardian;
pub(crate) use invitation::Invitation;
pub(crate) use missing::Missing;
pub(crate) use organisation::{ApiTokens, Keys, Members, Overview as OrganisationOverview, Security, Webhooks};
pub(crate) use outside::Outside;
pub(crate) use overview::Overview;
pub(crate) use platform::Platform;
pub(crate) use quality::Quality;
pub(crate) use reset::Reset;
pub(crate) use sign_in::SignIn;
pub(crate) use stream::StreamPage;
pub(crate) use streams::Streams;
pub(crate) use tokens::{Bans, LookAtToken, SeenTokens, StaticTokens, TokenMaker, Tokens};
pub(crate) use watch::Watch;
