//! Any text as a network, and as the value of a rule.

#![no_main]

#[path = "../promise.rs"]
#[expect(dead_code, reason = "each target keeps one of the promises")]
mod promise;

libfuzzer_sys::fuzz_target!(|text: &str| promise::network(text));
