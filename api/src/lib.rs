//! The control plane: people, organisations, streams, tokens, and what changes them.
//!
//! One process runs it beside the media nodes or apart from them; it never carries media. Whatever it answers as done is
//! durable by then; what nodes must know travels through the outbox.

mod alerts;
mod analytics;
mod audit;
mod count;
mod counted;
mod csv;
mod demo;
mod fault;
mod graphql;
mod http;
mod jwks;
mod keys;
mod live;
mod mail;
pub mod operator;
mod outbound;
mod people;
mod privacy;
mod publisher;
mod questions;
mod running;
mod seal;
mod search;
mod service;
mod state;
mod store;
mod webhooks;

pub use audit::verify::{Broken, ChainReport, Defect, Verification, VerifyError, verify as verify_audit};
pub use demo::{Demo, DemoOperator, DemoStream, DemoUser, SeedError, seed_demo};
pub use http::{Rates, Tools};
pub use mail::{Authority, Login, Mail, MailError, Security, Smtp, Way};
pub use running::{Health, Running, Settings, StartError, start};
pub use seal::MasterKeyError;
pub use search::{Key, Meilisearch, MeilisearchError, ReindexError, Reindexed, SearchKey, reindex as reindex_search};
pub use state::{Credit, Known, Located, Places};

/// The public schema, in GraphQL's own language.
pub fn sdl() -> String {
    graphql::sdl()
}
