//! The public GraphQL API as this dashboard uses it: a module per subject, a function per operation.

pub(crate) mod actions;
pub(crate) mod client;
pub(crate) mod events;
pub(crate) mod failure;
pub(crate) mod live;
pub(crate) mod people;
pub(crate) mod scalar;
pub(crate) mod sessions;
pub(crate) mod streams;
pub(crate) mod tokens;

#[cynic::schema("portcullis")]
#[expect(
    unreachable_pub,
    reason = "generated from the SDL, and of use inside this program only"
)]
pub(crate) mod schema {}
