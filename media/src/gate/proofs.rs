//! Remembered signature checks, for players that ask again and again. A proof is bound to token and key, so that a stale
//! one proves nothing; forgetting one costs 60 µs.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use guard::{Token, VerifyingKey, signature, token::Proof};

/// The last checks, in two generations: what is asked for again survives, the rest is dropped in bulk.
#[derive(Debug)]
pub(super) struct Proofs(Mutex<Generations>);

#[derive(Debug, Default)]
struct Generations {
    young: HashMap<[u8; 32], Proof>,
    old: HashMap<[u8; 32], Proof>,
}

impl Proofs {
    pub(super) fn new() -> Self {
        Self(Mutex::default())
    }

    pub(super) fn check(&self, token: &Token, key: &VerifyingKey) -> Proof {
        let digest = token.digest();
        if let Some(proof) = self.remembered(digest).filter(|proof| proof.is_of(token, key)) {
            return proof;
        }
        let proof = signature::check(token, key);
        let mut generations = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if generations.young.len() >= GENERATION {
            generations.old = std::mem::take(&mut generations.young);
        }
        generations.young.insert(digest, proof);
        proof
    }

    fn remembered(&self, digest: [u8; 32]) -> Option<Proof> {
        let mut generations = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(proof) = generations.young.get(&digest) {
            return Some(*proof);
        }
        let proof = generations.old.remove(&digest)?;
        generations.young.insert(digest, proof);
        Some(proof)
    }
}

/// Entries per generation; an entry is about 150 bytes.
const GENERATION: usize = 50_000;
