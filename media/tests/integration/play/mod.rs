//! Playback: who may watch, on every door, for as long as it lasts.

mod backend;
mod carriers;
mod client;
mod continuity;
mod counted;
mod cut;
mod doors;
mod encrypted;
mod geoip;
mod learned;
mod limits;
mod packages;
mod proxies;
mod quality;
mod raced;
mod renew;
mod rules;
mod silence;
mod slices;
mod stage;
mod stale;
mod takeover;
mod unsent;
