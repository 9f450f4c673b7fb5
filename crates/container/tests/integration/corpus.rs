//! Every input that the fuzzers found worth keeping still keeps its promise.

use std::{fs, path::Path};

#[path = "../../fuzz/promise.rs"]
mod promise;

fn replay(target: &str, promise: fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus").join(target);
    let mut count = 0;
    for file in fs::read_dir(folder).unwrap() {
        promise(&fs::read(file.unwrap().path()).unwrap());
        count += 1;
    }
    assert!(count >= 10, "the corpus of {target} is there");
}

#[test]
fn the_corpus_of_amf0_keeps_its_promise() {
    replay("amf0", promise::amf0);
}

#[test]
fn the_corpus_of_flv_keeps_its_promise() {
    replay("flv", promise::flv);
}

#[test]
fn the_corpus_of_rtmp_keeps_its_promise() {
    replay("rtmp", promise::rtmp);
}
