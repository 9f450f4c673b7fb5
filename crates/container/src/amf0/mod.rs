//! AMF0: the values that RTMP commands and FLV metadata are made of.
//!
//! A reader of bytes that anybody can send before saying who they are: nesting and the number of
//! values are limited, so a message costs memory in proportion to its length at most.
//! Adobe's AMF 0 specification, sections 2 and 3.

mod decode;
mod encode;

pub use self::decode::{Error, Limits, decode};
pub use self::encode::encode;

/// One value.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// All numbers are doubles.
    Number(f64),
    /// True or false.
    Boolean(bool),
    /// Text, of either length; bytes that are not UTF-8 were replaced.
    String(String),
    /// Named values in the order in which they came.
    Object(Vec<(String, Value)>),
    /// The same with another marker and a count that nobody believes.
    EcmaArray(Vec<(String, Value)>),
    /// An object with the name of its class.
    Typed {
        /// The class.
        class: String,
        /// Its named values.
        properties: Vec<(String, Value)>,
    },
    /// Values in order.
    StrictArray(Vec<Value>),
    /// Milliseconds since 1970, UTC.
    Date(f64),
    /// A document, unread.
    Xml(String),
    /// An earlier object of the message, by its number.
    Reference(u16),
    /// Null.
    Null,
    /// Undefined, or a type that has no meaning.
    Undefined,
}

impl Value {
    /// The text of a string.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::String(text) => Some(text),
            _ => None,
        }
    }

    /// The number of a number.
    pub const fn as_number(&self) -> Option<f64> {
        match self {
            Self::Number(number) => Some(*number),
            _ => None,
        }
    }

    /// The named values of an object or an ECMA array.
    pub fn properties(&self) -> Option<&[(String, Value)]> {
        match self {
            Self::Object(properties) | Self::EcmaArray(properties) | Self::Typed { properties, .. } => Some(properties),
            _ => None,
        }
    }

    /// The first property of that name.
    pub fn get(&self, name: &str) -> Option<&Self> {
        self.properties()?
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value)
    }
}

impl From<f64> for Value {
    fn from(number: f64) -> Self {
        Self::Number(number)
    }
}

impl From<bool> for Value {
    fn from(truth: bool) -> Self {
        Self::Boolean(truth)
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::String(text.to_owned())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::String(text)
    }
}

mod marker {
    pub(super) const NUMBER: u8 = 0x00;
    pub(super) const BOOLEAN: u8 = 0x01;
    pub(super) const STRING: u8 = 0x02;
    pub(super) const OBJECT: u8 = 0x03;
    pub(super) const NULL: u8 = 0x05;
    pub(super) const UNDEFINED: u8 = 0x06;
    pub(super) const REFERENCE: u8 = 0x07;
    pub(super) const ECMA_ARRAY: u8 = 0x08;
    pub(super) const OBJECT_END: u8 = 0x09;
    pub(super) const STRICT_ARRAY: u8 = 0x0a;
    pub(super) const DATE: u8 = 0x0b;
    pub(super) const LONG_STRING: u8 = 0x0c;
    pub(super) const UNSUPPORTED: u8 = 0x0d;
    pub(super) const XML: u8 = 0x0f;
    pub(super) const TYPED_OBJECT: u8 = 0x10;
}
