//! Promises of the whole product, kept by its binary and tried with real programs: ffmpeg, GStreamer, curl.
//!
//! The binary is `target/debug/portcullis`, or what `PORTCULLIS_BIN` names. It is no dependency of these tests, so it has
//! to be built before them: `cargo build`. Each test starts a server of its own, in a folder of its own.

mod access;
mod alerts;
mod attack;
mod audit;
mod certificates;
mod configuration;
mod counted;
mod crash;
mod encoders;
mod encrypted;
mod ending;
mod foreign_keys;
mod geoip;
mod guardian;
mod identity;
mod lifecycle;
mod mail;
mod matrix;
mod metrics;
mod operator;
mod proxies;
mod readiness;
mod refusals;
mod renewal;
mod rest;
mod revocation;
mod search;
mod slow;
mod stage;
mod tenancy;
mod trial;
mod webhooks;
