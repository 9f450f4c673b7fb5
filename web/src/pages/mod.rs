//! The pages, one module each.

mod account;
mod activity;
mod missing;
mod sign_in;
mod stream;
mod streams;
mod tokens;
mod watch;

pub(crate) use account::Account;
pub(crate) use activity::Activity;
pub(crate) use missing::Missing;
pub(crate) use sign_in::SignIn;
pub(crate) use stream::StreamPage;
pub(crate) use streams::Streams;
pub(crate) use tokens::Tokens;
pub(crate) use watch::Watch;
