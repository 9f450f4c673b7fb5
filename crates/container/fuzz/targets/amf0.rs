//! Any bytes as AMF0.

#![no_main]

#[path = "../promise.rs"]
#[expect(dead_code, reason = "each target keeps one of the promises")]
mod promise;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| promise::amf0(bytes));
