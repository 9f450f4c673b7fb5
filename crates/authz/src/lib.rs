//! May this person do this? Roles, operations, and the Polar policy that joins them.
//!
//! The policy is the only place where permissions are written down. It knows nothing but the role and the operation, so
//! it is asked for every pair once, when it is loaded; after that an answer is a look-up. Once per operation, never per
//! row.

mod action;
mod policy;
mod role;

pub use action::{Action, PlatformAction};
pub use policy::{Policy, PolicyError};
pub use role::{Role, UnknownRole};
