//! The data plane: ingest, hub, playback. The only enforcer.
//!
//! It knows no database and no people: in memory it holds what verifies, never what signs. Take the control plane away
//! and it goes on with the last policy. Every way in leads through [`gate::Gate`], and what it lets in is an
//! `Admitted<_>` without which nothing is published, subscribed or served.

mod count;
mod crowd;
#[cfg(test)]
mod denials;
pub mod gate;
pub mod geoip;
pub mod http;
pub mod hub;
pub mod ingest;
mod node;
pub mod play;
pub mod proxies;
pub mod session;

pub use node::{Health, Node, Settings, StartError};
