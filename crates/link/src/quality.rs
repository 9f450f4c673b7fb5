//! How well a player plays, by its own account.

use serde::{Deserialize, Serialize};

/// What a viewer lived through in some time of a session.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quality {
    /// Whether the player set out to play.
    pub attempt: bool,
    /// From there to the first picture, in milliseconds, where it was seen in that time.
    pub start_ms: Option<u32>,
    /// How long the picture moved, in milliseconds.
    pub played_ms: u32,
    /// How long it stood still although somebody waited for it, in milliseconds.
    pub stalled_ms: u32,
    /// How often it came to stand still.
    pub stalls: u32,
    /// How far behind live the picture was at the end, in milliseconds, where the player knows.
    pub latency_ms: Option<u32>,
    /// Times that the connection was lost.
    pub lost: u32,
    /// Times that what came could not be decoded.
    pub undecoded: u32,
    /// Times that there was no way to play it.
    pub unsupported: u32,
}

impl Quality {
    /// Whether nothing is told.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Both times together, `later` being the later one.
    pub fn add(&mut self, later: &Self) {
        self.attempt |= later.attempt;
        self.start_ms = self.start_ms.or(later.start_ms);
        self.latency_ms = later.latency_ms.or(self.latency_ms);
        for (sum, more) in [
            (&mut self.played_ms, later.played_ms),
            (&mut self.stalled_ms, later.stalled_ms),
            (&mut self.stalls, later.stalls),
            (&mut self.lost, later.lost),
            (&mut self.undecoded, later.undecoded),
            (&mut self.unsupported, later.unsupported),
        ] {
            *sum = sum.saturating_add(more);
        }
    }
}
