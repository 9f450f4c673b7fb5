//! What an entry's hash is over: every field but the personal ones, and the hash of the entry before.

use entity::audit_entry;
use serde_json::Value;
use sha2::{Digest, Sha256};
use uuid::Uuid;

/// The hash of an entry: SHA-256 over its canonical JSON.
pub(crate) fn hash(entry: &audit_entry::Model) -> Vec<u8> {
    let text = |text: &Option<String>| text.clone().map_or(Value::Null, Value::String);
    let id = |id: Option<Uuid>| id.map_or(Value::Null, |id| Value::String(id.to_string()));
    let fields = [
        ("action", Value::String(entry.action.clone())),
        ("actor_id", id(entry.actor_id)),
        ("actor_kind", Value::String(entry.actor_kind.clone())),
        ("created_at", entry.created_at.into()),
        ("detail", entry.detail.clone()),
        ("id", id(Some(entry.id))),
        ("object", Value::String(entry.object.clone())),
        ("organisation_id", id(entry.organisation_id)),
        (
            "previous_hash",
            Value::String(hex::encode(entry.previous_hash.as_deref().unwrap_or_default())),
        ),
        ("request_id", text(&entry.request_id)),
        ("role", text(&entry.role)),
        ("sequence", entry.sequence.map_or(Value::Null, Value::from)),
    ];
    let mut canonical = String::new();
    write(
        &Value::Object(
            fields
                .map(|(name, value)| (name.to_owned(), value))
                .into_iter()
                .collect(),
        ),
        &mut canonical,
    );
    Sha256::digest(canonical.as_bytes()).to_vec()
}

/// JSON with its keys in order and nothing between tokens, whatever order a database gives keys back in.
fn write(value: &Value, out: &mut String) {
    match value {
        Value::Object(map) => {
            let mut pairs: Vec<_> = map.iter().collect();
            pairs.sort_by_key(|(key, _)| *key);
            out.push('{');
            for (n, (key, value)) in pairs.into_iter().enumerate() {
                if n > 0 {
                    out.push(',');
                }
                out.push_str(&Value::String(key.clone()).to_string());
                out.push(':');
                write(value, out);
            }
            out.push('}');
        }
        Value::Array(items) => {
            out.push('[');
            for (n, item) in items.iter().enumerate() {
                if n > 0 {
                    out.push(',');
                }
                write(item, out);
            }
            out.push(']');
        }
        scalar => out.push_str(&scalar.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::write;

    #[test]
    fn the_order_of_keys_changes_nothing() {
        let text = |value| {
            let mut text = String::new();
            write(&value, &mut text);
            text
        };
        assert_eq!(
            text(json!({ "b": [1, { "z": null, "a": "\"" }], "a": true })),
            r#"{"a":true,"b":[1,{"a":"\"","z":null}]}"#
        );
    }
}
