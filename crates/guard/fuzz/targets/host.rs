//! Any text as a page's host, and as a pattern of hosts.

#![no_main]

#[path = "../promise.rs"]
#[expect(dead_code, reason = "each target keeps one of the promises")]
mod promise;

libfuzzer_sys::fuzz_target!(|text: &str| promise::host(text));
