//! People: who is asking, signing in, and how guessing is slowed.

mod access;
mod caller;
mod password;
pub(crate) mod sign_in;
mod throttle;

pub(crate) use access::Access;
pub(crate) use caller::{Acting, Caller, Membership, Person, Presented, identify, still_may};
pub(crate) use password::Passwords;
pub(crate) use throttle::Throttle;
