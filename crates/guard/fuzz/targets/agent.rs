//! Any text as a pattern and a player's name.

#![no_main]

#[path = "../promise.rs"]
#[expect(dead_code, reason = "each target keeps one of the promises")]
mod promise;

libfuzzer_sys::fuzz_target!(|text: &str| promise::agent(text));
