//! Crockford's base 32 of 128 bits in 26 lower-case characters, as the TypeID specification writes a UUID.
//!
//! 26 characters hold 130 bits: the first one is at most `7`.

const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
const LENGTH: usize = 26;

/// The 26 characters of `value`, most significant first.
pub(crate) fn encode(value: u128) -> String {
    (0..LENGTH)
        .rev()
        .map(|place| {
            let shift = u32::try_from(place).unwrap_or(0).saturating_mul(5);
            let digit = usize::try_from((value >> shift) & 31).unwrap_or(0);
            char::from(ALPHABET.get(digit).copied().unwrap_or(b'0'))
        })
        .collect()
}

/// The value of exactly 26 lower-case characters; `None` for anything else.
pub(crate) fn decode(text: &str) -> Option<u128> {
    if text.len() != LENGTH || text.as_bytes().first().is_none_or(|first| *first > b'7') {
        return None;
    }
    text.bytes().try_fold(0_u128, |value, byte| {
        let digit = ALPHABET.iter().position(|letter| *letter == byte)?;
        Some((value << 5) | u128::try_from(digit).ok()?)
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{decode, encode};

    proptest! {
        #[test]
        fn what_is_written_reads_back(value: u128) {
            prop_assert_eq!(decode(&encode(value)), Some(value));
        }

        #[test]
        fn any_text_is_read_without_panic(text: String) {
            let _ = decode(&text);
        }
    }

    #[test]
    fn what_does_not_fit_128_bits_is_refused() {
        assert_eq!(decode("8zzzzzzzzzzzzzzzzzzzzzzzzz"), None);
        assert_eq!(decode("7zzzzzzzzzzzzzzzzzzzzzzzzz"), Some(u128::MAX));
    }
}
