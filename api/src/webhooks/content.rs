//! What a call says: our fields, and beside them what a broadcaster added to the stream's name.

use serde_json::{Map, Value, json};

use super::Encoding;

/// The fields of a call.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Content {
    ours: Map<String, Value>,
    theirs: Vec<(String, String)>,
}

impl Content {
    /// One with these fields, which are an object; what is null is left out.
    pub(crate) fn new(ours: Value) -> Self {
        let mut content = Self::default();
        content.add(ours);
        content
    }

    /// Adds fields, which are an object; what is null is left out.
    pub(crate) fn add(&mut self, more: Value) {
        if let Value::Object(more) = more {
            self.ours.extend(more.into_iter().filter(|(_, value)| !value.is_null()));
        }
    }

    /// Puts a broadcaster's parameters beside: never what is called as one of ours, or as a secret.
    pub(crate) fn beside(mut self, theirs: Vec<(String, String)>) -> Self {
        self.theirs = theirs;
        self.theirs.retain(|(name, _)| !OURS.contains(&name.as_str()));
        self
    }

    /// What is kept of it, and sent later: only our fields.
    pub(crate) fn kept(self) -> Value {
        Value::Object(self.ours)
    }

    /// The header `content-type`, and the body.
    pub(super) fn written(&self, encoding: Encoding) -> (&'static str, Vec<u8>) {
        match encoding {
            Encoding::Form => ("application/x-www-form-urlencoded", self.form().into_bytes()),
            Encoding::Json => ("application/json", self.json().into_bytes()),
        }
    }

    fn form(&self) -> String {
        let mut form = form_urlencoded::Serializer::new(String::new());
        for (name, value) in &self.ours {
            match value {
                Value::String(text) => form.append_pair(name, text),
                other => form.append_pair(name, &other.to_string()),
            };
        }
        form.extend_pairs(&self.theirs);
        form.finish()
    }

    fn json(&self) -> String {
        let mut whole = self.ours.clone();
        if !self.theirs.is_empty() {
            let theirs: Map<_, _> = self
                .theirs
                .iter()
                .cloned()
                .map(|(name, value)| (name, value.into()))
                .collect();
            whole.insert("params".to_owned(), json!(theirs));
        }
        Value::Object(whole).to_string()
    }
}

/// Names that are ours, in whatever call, and those of secrets.
const OURS: &[&str] = &[
    "addr",
    "app",
    "bytes_in",
    "bytes_out",
    "call",
    "clientid",
    "key",
    "name",
    "protocol",
    "reason",
    "referrer",
    "session",
    "time",
    "timestamp",
    "token",
    "user_agent",
];

#[cfg(test)]
mod tests {
    use super::*;

    fn content() -> Content {
        Content::new(json!({ "call": "publish", "name": "7KQ2M-A", "time": 0, "referrer": null })).beside(
            [
                ("quality", "1080 p&x"),
                ("name", "7KQ2M-B"),
                ("key", "s3cret"),
                ("é", "ü"),
            ]
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .to_vec(),
        )
    }

    #[test]
    fn ours_win_over_theirs_and_no_secret_is_among_theirs() {
        let (kind, body) = content().written(Encoding::Form);
        assert_eq!(kind, "application/x-www-form-urlencoded");
        assert_eq!(
            String::from_utf8(body).unwrap(),
            "call=publish&name=7KQ2M-A&time=0&quality=1080+p%26x&%C3%A9=%C3%BC"
        );
    }

    #[test]
    fn in_json_theirs_are_apart() {
        let (kind, body) = content().written(Encoding::Json);
        assert_eq!(kind, "application/json");
        assert_eq!(
            serde_json::from_slice::<Value>(&body).unwrap(),
            json!({ "call": "publish", "name": "7KQ2M-A", "time": 0, "params": { "quality": "1080 p&x", "é": "ü" } })
        );
    }
}
