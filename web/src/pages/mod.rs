//! The pages, one module each.

mod account;
mod activity;
mod api_tokens;
mod audit;
mod door;
mod guardian;
mod invitation;
mod missing;
mod organisation;
mod outside;
mod platform;
mod reset;
mod sign_in;
mod stream;
mod streams;
mod tokens;
mod watch;
mod why;

pub(crate) use account::{Account, AccountSecurity, AccountTokens};
pub(crate) use activity::Activity;
pub(crate) use audit::Audit;
pub(crate) use guardian::Guardian;
pub(crate) use invitation::Invitation;
pub(crate) use missing::Missing;
pub(crate) use organisation::{ApiTokens, Keys, Members, Overview, Security, Webhooks};
pub(crate) use outside::Outside;
pub(crate) use platform::Platform;
pub(crate) use reset::Reset;
pub(crate) use sign_in::SignIn;
pub(crate) use stream::StreamPage;
pub(crate) use streams::Streams;
pub(crate) use tokens::{Bans, LookAtToken, StaticTokens, TokenMaker, Tokens};
pub(crate) use watch::Watch;
