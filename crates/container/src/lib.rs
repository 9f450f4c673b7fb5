//! Byte formats of media: AMF0, FLV, RTMP chunks, CMAF, playlists; and the head that a proxy puts before a connection.
//!
//! PURE: no I/O, no async, no clock, no randomness, no panic. Everything here is a function of
//! its arguments, so that whatever a peer sends is an error or a value, never a crash.
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

pub mod aac;
pub mod amf0;
pub mod avc;
mod bits;
pub mod cmaf;
#[cfg(test)]
mod fixture;
pub mod flv;
pub mod playlist;
pub mod proxy;
mod reader;
pub mod rtmp;
