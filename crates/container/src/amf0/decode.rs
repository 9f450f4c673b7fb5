//! Reading values within limits.

use super::{Value, marker};
use crate::reader::Reader;

/// How much one message may hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Levels of objects and arrays inside each other; each level costs stack.
    pub depth: u8,
    /// Values in all, each of which costs memory beyond its bytes.
    pub values: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            depth: 16,
            values: 4096,
        }
    }
}

/// Why a message is no sequence of values. `at` counts bytes from its start.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// A value is longer than the message.
    #[error("amf0 ends early at byte {at}")]
    Truncated {
        /// Where.
        at: usize,
    },
    /// A marker that begins no value.
    #[error("amf0 has no type {marker:#04x} at byte {at}")]
    Marker {
        /// The byte found.
        marker: u8,
        /// Where.
        at: usize,
    },
    /// Nested deeper than [`Limits::depth`].
    #[error("amf0 is nested too deeply at byte {at}")]
    TooDeep {
        /// Where.
        at: usize,
    },
    /// More values than [`Limits::values`].
    #[error("amf0 has too many values at byte {at}")]
    TooMany {
        /// Where.
        at: usize,
    },
}

/// All values of one message body.
pub fn decode(body: &[u8], limits: Limits) -> Result<Vec<Value>, Error> {
    let mut decoder = Decoder {
        length: body.len(),
        reader: Reader::new(body),
        values_left: limits.values,
    };
    let mut values = Vec::new();
    while !decoder.reader.is_empty() {
        values.push(decoder.value(limits.depth)?);
    }
    Ok(values)
}

struct Decoder<'a> {
    length: usize,
    reader: Reader<'a>,
    values_left: usize,
}

impl<'a> Decoder<'a> {
    fn value(&mut self, depth_left: u8) -> Result<Value, Error> {
        let at = self.at();
        self.values_left = self.values_left.checked_sub(1).ok_or(Error::TooMany { at })?;
        let kind = self.read(Reader::u8)?;
        let inside = || depth_left.checked_sub(1).ok_or(Error::TooDeep { at });
        Ok(match kind {
            marker::NUMBER => Value::Number(self.read(Reader::f64)?),
            marker::BOOLEAN => Value::Boolean(self.read(Reader::u8)? != 0),
            marker::STRING => Value::String(self.short_text()?),
            marker::LONG_STRING => Value::String(self.long_text()?),
            marker::XML => Value::Xml(self.long_text()?),
            marker::OBJECT => Value::Object(self.properties(inside()?)?),
            marker::ECMA_ARRAY => {
                let depth_left = inside()?;
                // The count is a hint that encoders get wrong; the end marker decides.
                self.read(Reader::u32)?;
                Value::EcmaArray(self.properties(depth_left)?)
            }
            marker::TYPED_OBJECT => {
                let depth_left = inside()?;
                Value::Typed {
                    class: self.short_text()?,
                    properties: self.properties(depth_left)?,
                }
            }
            marker::STRICT_ARRAY => {
                let depth_left = inside()?;
                let count = self.read(Reader::u32)?;
                // No capacity from a count that nobody has paid for in bytes.
                let mut items = Vec::new();
                for _ in 0..count {
                    items.push(self.value(depth_left)?);
                }
                Value::StrictArray(items)
            }
            marker::DATE => {
                let date = self.read(Reader::f64)?;
                self.read(Reader::u16)?;
                Value::Date(date)
            }
            marker::REFERENCE => Value::Reference(self.read(Reader::u16)?),
            marker::NULL => Value::Null,
            marker::UNDEFINED | marker::UNSUPPORTED => Value::Undefined,
            marker => return Err(Error::Marker { marker, at }),
        })
    }

    fn properties(&mut self, depth_left: u8) -> Result<Vec<(String, Value)>, Error> {
        let mut properties = Vec::new();
        loop {
            // Some encoders leave the end marker of a message's last array away.
            if self.reader.is_empty() {
                return Ok(properties);
            }
            if let [0, 0, marker::OBJECT_END, ..] = self.reader.rest() {
                self.reader.take(3);
                return Ok(properties);
            }
            let name = self.short_text()?;
            properties.push((name, self.value(depth_left)?));
        }
    }

    fn short_text(&mut self) -> Result<String, Error> {
        let length = self.read(Reader::u16)?;
        self.text(usize::from(length))
    }

    fn long_text(&mut self) -> Result<String, Error> {
        let at = self.at();
        let length = self.read(Reader::u32)?;
        self.text(usize::try_from(length).map_err(|_| Error::Truncated { at })?)
    }

    fn text(&mut self, length: usize) -> Result<String, Error> {
        let at = self.at();
        let bytes = self.reader.take(length).ok_or(Error::Truncated { at })?;
        Ok(String::from_utf8_lossy(bytes).into_owned())
    }

    fn read<T>(&mut self, field: impl FnOnce(&mut Reader<'a>) -> Option<T>) -> Result<T, Error> {
        let at = self.at();
        field(&mut self.reader).ok_or(Error::Truncated { at })
    }

    const fn at(&self) -> usize {
        self.length.saturating_sub(self.reader.rest().len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_nesting_bomb_is_refused_at_its_depth() {
        let bomb: Vec<u8> = [3, 0, 1, b'a'].repeat(125_000);
        let error = decode(&bomb, Limits::default()).unwrap_err();
        assert_eq!(error, Error::TooDeep { at: 64 });
        let bomb = [0x0a, 0, 0, 0, 1].repeat(100_000);
        assert!(matches!(decode(&bomb, Limits::default()), Err(Error::TooDeep { .. })));
    }

    #[test]
    fn a_flood_of_values_is_refused() {
        let flood = vec![5_u8; 100_000];
        assert_eq!(decode(&flood, Limits::default()), Err(Error::TooMany { at: 4096 }));
        let array = [0x0a, 0xff, 0xff, 0xff, 0xff, 5];
        assert_eq!(decode(&array, Limits::default()), Err(Error::Truncated { at: 6 }));
    }

    #[test]
    fn an_array_without_its_end_is_read_as_far_as_it_goes() {
        let body = [0x08, 0, 0, 0, 9, 0, 1, b'a', 1, 1];
        assert_eq!(
            decode(&body, Limits::default()),
            Ok(vec![Value::EcmaArray(vec![("a".into(), true.into())])])
        );
    }

    #[test]
    fn what_ends_early_or_is_unknown_says_where() {
        assert_eq!(decode(&[5, 0, 1], Limits::default()), Err(Error::Truncated { at: 2 }));
        assert_eq!(
            decode(&[5, 0x11], Limits::default()),
            Err(Error::Marker { marker: 0x11, at: 1 })
        );
    }
}
