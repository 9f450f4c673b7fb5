//! Writing values.

use bytes::{BufMut, BytesMut};

use super::{Value, marker};

/// Appends `values`, one after the other. Names beyond 65535 bytes are cut at a character.
pub fn encode(values: &[Value], out: &mut BytesMut) {
    for value in values {
        write(value, out);
    }
}

fn write(value: &Value, out: &mut BytesMut) {
    match value {
        Value::Number(number) => {
            out.put_u8(marker::NUMBER);
            out.put_f64(*number);
        }
        Value::Boolean(truth) => {
            out.put_u8(marker::BOOLEAN);
            out.put_u8(u8::from(*truth));
        }
        Value::String(text) => {
            if u16::try_from(text.len()).is_ok() {
                out.put_u8(marker::STRING);
                short_text(text, out);
            } else {
                out.put_u8(marker::LONG_STRING);
                long_text(text, out);
            }
        }
        Value::Xml(text) => {
            out.put_u8(marker::XML);
            long_text(text, out);
        }
        Value::Object(properties) => {
            out.put_u8(marker::OBJECT);
            write_properties(properties, out);
        }
        Value::EcmaArray(properties) => {
            out.put_u8(marker::ECMA_ARRAY);
            out.put_u32(u32::try_from(properties.len()).unwrap_or(u32::MAX));
            write_properties(properties, out);
        }
        Value::Typed { class, properties } => {
            out.put_u8(marker::TYPED_OBJECT);
            short_text(class, out);
            write_properties(properties, out);
        }
        Value::StrictArray(items) => {
            out.put_u8(marker::STRICT_ARRAY);
            out.put_u32(u32::try_from(items.len()).unwrap_or(u32::MAX));
            encode(items, out);
        }
        Value::Date(date) => {
            out.put_u8(marker::DATE);
            out.put_f64(*date);
            out.put_u16(0);
        }
        Value::Reference(number) => {
            out.put_u8(marker::REFERENCE);
            out.put_u16(*number);
        }
        Value::Null => out.put_u8(marker::NULL),
        Value::Undefined => out.put_u8(marker::UNDEFINED),
    }
}

fn write_properties(properties: &[(String, Value)], out: &mut BytesMut) {
    for (name, value) in properties {
        short_text(name, out);
        write(value, out);
    }
    out.put_slice(&[0, 0, marker::OBJECT_END]);
}

fn short_text(text: &str, out: &mut BytesMut) {
    let mut cut = text.len().min(usize::from(u16::MAX));
    while !text.is_char_boundary(cut) {
        cut = cut.saturating_sub(1);
    }
    let text = text.get(..cut).unwrap_or_default();
    out.put_u16(u16::try_from(text.len()).unwrap_or(u16::MAX));
    out.put_slice(text.as_bytes());
}

fn long_text(text: &str, out: &mut BytesMut) {
    out.put_u32(u32::try_from(text.len()).unwrap_or(u32::MAX));
    out.put_slice(text.as_bytes());
}
