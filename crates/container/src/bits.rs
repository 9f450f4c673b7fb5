//! Checked reading of single bits and Exp-Golomb codes, as parameter sets use them.

/// A position in a byte string, counted in bits.
pub(crate) struct Bits<'a> {
    bytes: &'a [u8],
    position: usize,
}

impl<'a> Bits<'a> {
    pub(crate) const fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, position: 0 }
    }

    pub(crate) fn bit(&mut self) -> Option<bool> {
        let byte = *self.bytes.get(self.position >> 3)?;
        let shift = 7_usize.saturating_sub(self.position & 7);
        self.position = self.position.checked_add(1)?;
        Some((byte >> shift) & 1 == 1)
    }

    /// `count` bits, most significant first; at most 32.
    pub(crate) fn bits(&mut self, count: u32) -> Option<u32> {
        let mut value = 0_u32;
        for _ in 0..count.min(32) {
            value = (value << 1) | u32::from(self.bit()?);
        }
        Some(value)
    }

    /// ue(v), H.264 9.1.
    pub(crate) fn unsigned(&mut self) -> Option<u32> {
        let mut zeros = 0_u32;
        while !self.bit()? {
            zeros = zeros.checked_add(1)?;
            if zeros > 31 {
                return None;
            }
        }
        let base = 1_u32.checked_shl(zeros)?.checked_sub(1)?;
        base.checked_add(self.bits(zeros)?)
    }

    /// se(v), H.264 9.1.1.
    pub(crate) fn signed(&mut self) -> Option<i32> {
        let code = self.unsigned()?;
        let magnitude = i32::try_from(code.div_ceil(2)).ok()?;
        if code & 1 == 1 {
            Some(magnitude)
        } else {
            magnitude.checked_neg()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exp_golomb_codes_are_read_as_the_standard_lists_them() {
        // 1 010 011 00100 00101 → 0 1 2 3 4
        let mut bits = Bits::new(&[0b1010_0110, 0b0100_0010, 0b1000_0000]);
        let read: Vec<_> = (0..5).map(|_| bits.unsigned().unwrap()).collect();
        assert_eq!(read, [0, 1, 2, 3, 4]);
        let mut bits = Bits::new(&[0b1010_0110, 0b0100_0010, 0b1000_0000]);
        let read: Vec<_> = (0..5).map(|_| bits.signed().unwrap()).collect();
        assert_eq!(read, [0, 1, -1, 2, -2]);
    }

    #[test]
    fn an_endless_code_is_refused() {
        assert_eq!(Bits::new(&[0; 16]).unsigned(), None);
        assert_eq!(Bits::new(&[0]).bits(9), None);
    }
}
