//! What a client asks, as JSON: one operation, as text or by the hash of a text that it sent before.

use async_graphql::{Request as Operation, Variables};
use serde::Deserialize;
use serde_json::{Map, Value};

/// The parameters of a request. What is `null` is not there.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Asked {
    query: Option<String>,
    operation_name: Option<String>,
    variables: Option<Map<String, Value>>,
    extensions: Option<Map<String, Value>>,
}

impl Asked {
    /// As the library takes it; none where there is neither a text nor a hash.
    pub(super) fn operation(self) -> Option<Operation> {
        let extensions = self.extensions.unwrap_or_default();
        let query = self.query.unwrap_or_default();
        if query.is_empty() && !extensions.contains_key(PERSISTED) {
            return None;
        }
        let mut operation = Operation::new(query);
        operation.operation_name = self.operation_name;
        operation.variables = Variables::from_json(Value::Object(self.variables.unwrap_or_default()));
        operation.extensions.extend(
            extensions
                .into_iter()
                .filter(|(name, _)| name == PERSISTED)
                .filter_map(|(name, value)| Some((name, async_graphql::Value::from_json(value).ok()?))),
        );
        Some(operation)
    }
}

/// The extension that names a text by its hash; the only one that is understood.
pub(super) const PERSISTED: &str = "persistedQuery";

#[cfg(test)]
mod tests {
    use super::Asked;

    fn is_an_operation(text: &str) -> bool {
        serde_json::from_str::<Asked>(text).is_ok_and(|asked| asked.operation().is_some())
    }

    #[test]
    fn one_operation_is_asked_for_and_nothing_else() {
        for good in [
            r#"{"query":"{a}"}"#,
            r#"{"query":"{a}","operationName":null,"variables":null,"extensions":null}"#,
            r#"{"query":"{a}","variables":{"a":1},"extensions":{"other":1}}"#,
            r#"{"extensions":{"persistedQuery":{}}}"#,
        ] {
            assert!(is_an_operation(good), "{good}");
        }
        for bad in [
            "{}",
            "[]",
            "null",
            r#"[{"query":"{a}"}]"#,
            r#"{"query":""}"#,
            r#"{"query":["{a}"]}"#,
            r#"{"query":"{a}","variables":"x"}"#,
            r#"{"query":"{a}","variables":["x"]}"#,
            r#"{"query":"{a}","operationName":1}"#,
            r#"{"query":"{a}","extensions":0}"#,
        ] {
            assert!(!is_an_operation(bad), "{bad}");
        }
    }
}
