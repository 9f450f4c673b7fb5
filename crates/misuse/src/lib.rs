//! Who steals? Indicators of misuse with their evidence, computed as events come, and the score that they sum up to.
//!
//! Pure: events carry their time, and what was looked up of an address. One [`Detector`] knows one organisation.
//!
//! ```text
//! started, beat, ended, denied ──▶ Detector ──▶ Finding (subject, indicator, points, evidence)
//!                                     │
//!                                     ├─ a holder for each token, viewer and address: what it does now
//!                                     └─ what is usual here: countries and pages, by how many tokens
//! ```
//!
//! No indicator alone says that somebody steals, but those that nothing honest explains; a score of [`CALLED`] does.
#![cfg_attr(
    not(test),
    deny(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing,
        clippy::string_slice,
        clippy::arithmetic_side_effects
    )
)]

mod detector;
mod event;
mod finding;
mod holder;
mod hosting;
mod raised;
mod recent;
mod tally;
mod thresholds;
mod usual;
mod world;

pub use detector::Detector;
pub use event::{Denial, Event, Stay, What};
pub use finding::{CALLED, Finding, Indicator, Subject, label, score};
pub use hosting::is_hosting;
pub use thresholds::Thresholds;
pub use world::{Between, between};
