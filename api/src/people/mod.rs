//! People and their software: who is asking, signing in, and how guessing is slowed.

mod access;
pub(crate) mod account;
pub(crate) mod api_token;
mod caller;
pub(crate) mod factor;
mod identify;
pub(crate) mod notice;
pub(crate) mod password;
pub(crate) mod password_reset;
mod presented;
pub(crate) mod provider;
pub(crate) mod sign_in;
pub(crate) mod sign_ins;
mod throttle;

pub(crate) use access::{Access, Whose};
pub(crate) use caller::{Acting, Actor, By, Caller, Membership, Who};
pub(crate) use identify::{digest, identify, still_may, still_stands};
pub(crate) use password::Passwords;
pub(crate) use presented::{Presented, bearer, cookie, named};
pub(crate) use sign_in::{concerned, normal};
pub(crate) use throttle::Throttle;
