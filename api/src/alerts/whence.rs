//! What a rule is told of: how and from where it came, and how it played.

use guard::Country;
use ids::StreamName;
use link::{Protocol, Quality, SessionFacts};

/// Of which stream something is, and how and from where it came.
#[derive(Clone, Copy, Debug)]
pub(super) struct Whence<'a> {
    pub(super) name: &'a StreamName,
    pub(super) protocol: Protocol,
    pub(super) country: Option<Country>,
}

/// What players said, together: how many set out and saw a picture, and for how many seconds it stood still and moved.
#[derive(Clone, Copy, Debug)]
pub(super) struct Played {
    pub(super) attempts: f64,
    pub(super) starts: f64,
    pub(super) stalled_s: f64,
    pub(super) watched_s: f64,
}

impl<'a> Whence<'a> {
    pub(super) fn of(facts: &'a SessionFacts) -> Self {
        Self {
            name: &facts.name,
            protocol: facts.protocol,
            country: facts.place.country,
        }
    }
}

impl Played {
    pub(super) fn of(quality: &Quality) -> Self {
        Self {
            attempts: u8::from(quality.attempt).into(),
            starts: u8::from(quality.start_ms.is_some()).into(),
            stalled_s: f64::from(quality.stalled_ms) / 1e3,
            watched_s: f64::from(quality.played_ms) / 1e3,
        }
    }
}
