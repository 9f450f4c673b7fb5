//! A quick hash for values of a few bytes that are all different: networks by number, countries by code.
//!
//! Nobody can make it collide: what is hashed fits into 64 bits, and no two of those have the same hash. So it needs no key,
//! as a hash of texts would.

use std::hash::{BuildHasher, Hasher};

/// Makes [`Spread`]s.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Spreading;

/// The value so far.
#[derive(Clone, Copy, Debug)]
pub(super) struct Spread(u64);

impl BuildHasher for Spreading {
    type Hasher = Spread;

    fn build_hasher(&self) -> Spread {
        Spread(0)
    }
}

impl Hasher for Spread {
    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.write_u8(*byte);
        }
    }

    fn write_u8(&mut self, byte: u8) {
        self.0 = self.0.rotate_left(8) ^ u64::from(byte);
    }

    fn write_u32(&mut self, number: u32) {
        self.0 = self.0.rotate_left(32) ^ u64::from(number);
    }

    fn write_usize(&mut self, _: usize) {
        // How long something is that is always as long.
    }

    /// Each step can be undone, so different values stay different. Stafford's thirteenth mix.
    fn finish(&self) -> u64 {
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        bits ^ (bits >> 31)
    }
}

#[cfg(test)]
mod tests {
    use std::{collections::HashSet, hash::BuildHasher};

    use super::Spreading;
    use crate::place::{Asn, Country};

    #[test]
    fn what_is_different_has_different_hashes() {
        let networks: HashSet<_> = (0..100_000)
            .map(|number| Spreading.hash_one(Asn::new(number)))
            .collect();
        assert_eq!(networks.len(), 100_000);
        let letters = || (b'A'..=b'Z').map(char::from);
        let codes = letters().flat_map(|one| letters().map(move |other| format!("{one}{other}")));
        let countries: Vec<Country> = codes.filter_map(|code| code.parse().ok()).collect();
        let hashes: HashSet<_> = countries.iter().map(|country| Spreading.hash_one(country)).collect();
        assert!(countries.len() > 200);
        assert_eq!(hashes.len(), countries.len());
        // The lowest bits choose the way down, and are different already.
        let low: HashSet<_> = (0..32)
            .map(|number| Spreading.hash_one(Asn::new(number)) & 0xff)
            .collect();
        assert!(low.len() > 24, "{}", low.len());
    }
}
