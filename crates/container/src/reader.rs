//! Checked reading of big-endian fields: a read beyond the end is `None`, never a panic.

/// What is left of a buffer.
#[derive(Clone, Copy)]
pub(crate) struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    pub(crate) const fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    /// What was not read yet.
    pub(crate) const fn rest(&self) -> &'a [u8] {
        self.rest
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    pub(crate) fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (head, rest) = self.rest.split_at_checked(length)?;
        self.rest = rest;
        Some(head)
    }

    pub(crate) fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (head, rest) = self.rest.split_first_chunk::<N>()?;
        self.rest = rest;
        Some(*head)
    }

    pub(crate) fn u8(&mut self) -> Option<u8> {
        self.array::<1>().map(|[byte]| byte)
    }

    pub(crate) fn u16(&mut self) -> Option<u16> {
        self.array().map(u16::from_be_bytes)
    }

    pub(crate) fn u24(&mut self) -> Option<u32> {
        self.array().map(|[a, b, c]| u32::from_be_bytes([0, a, b, c]))
    }

    /// A signed 24-bit integer, sign extended.
    pub(crate) fn i24(&mut self) -> Option<i32> {
        self.array().map(|[a, b, c]| {
            let sign = if a & 0x80 == 0 { 0 } else { 0xff };
            i32::from_be_bytes([sign, a, b, c])
        })
    }

    pub(crate) fn u32(&mut self) -> Option<u32> {
        self.array().map(u32::from_be_bytes)
    }

    pub(crate) fn f64(&mut self) -> Option<f64> {
        self.array().map(f64::from_be_bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_read_beyond_the_end_takes_nothing() {
        let mut reader = Reader::new(&[1, 2, 3]);
        assert_eq!(reader.u32(), None);
        assert_eq!(reader.take(4), None);
        assert_eq!(reader.u16(), Some(0x0102));
        assert_eq!(reader.rest(), [3]);
    }

    #[test]
    fn signed_24_bit_numbers_keep_their_sign() {
        assert_eq!(Reader::new(&[0xff, 0xff, 0xff]).i24(), Some(-1));
        assert_eq!(Reader::new(&[0x80, 0, 0]).i24(), Some(-0x80_0000));
        assert_eq!(Reader::new(&[0x7f, 0xff, 0xff]).i24(), Some(0x7f_ffff));
    }
}
