//! Playback: who may watch, on every door, for as long as it lasts.

mod carriers;
mod client;
mod continuity;
mod cut;
mod doors;
mod limits;
mod rules;
mod stage;
