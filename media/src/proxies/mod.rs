//! What stands in front of the doors, and how far it is believed.
//!
//! Only a listed proxy is believed, and only about the hop before it: from the socket's address one goes back through
//! what proxies added, as long as it was a listed one that added it. Whatever is before that, anybody may have written.

mod forwarded;
mod head;
mod networks;

pub use self::networks::Networks;
pub(crate) use self::{
    forwarded::client,
    head::{Unnamed, named},
};
