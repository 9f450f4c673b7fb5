//! Every input that is kept for the fuzzers still keeps its promise.

use std::{fs, path::Path};

#[path = "../../fuzz/promise.rs"]
mod promise;

fn replay(target: &str, promise: fn(&str)) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus").join(target);
    let mut count = 0;
    for file in fs::read_dir(folder).unwrap() {
        promise(&fs::read_to_string(file.unwrap().path()).unwrap());
        count += 1;
    }
    assert!(count >= 10, "the corpus of {target} is there");
}

#[test]
fn the_corpus_of_tokens_keeps_its_promise() {
    replay("token", promise::token);
}

#[test]
fn the_corpus_of_hosts_keeps_its_promise() {
    replay("host", promise::host);
}

#[test]
fn the_corpus_of_networks_keeps_its_promise() {
    replay("network", promise::network);
}

#[test]
fn the_corpus_of_user_agents_keeps_its_promise() {
    replay("agent", promise::agent);
}
