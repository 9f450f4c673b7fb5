//! What an OpenAPI document promises, held against what was asked and answered.

use serde_json::Value;

use super::{Answer, Server, get};

/// A document.
#[derive(Clone)]
pub(crate) struct Contract(Value);

impl Contract {
    /// The one that the server hands out, to everybody.
    pub(crate) async fn of(server: &Server) -> Self {
        let url = format!("http://{}/api/v1/openapi.json", server.http_address());
        let answer = get(&url).await;
        assert_eq!(
            (answer.status, answer.header("content-type")),
            (200, Some("application/json"))
        );
        let document = answer.json();
        assert_eq!(document["openapi"], "3.1.0");
        Self(document)
    }

    /// Fails the test where the answer, or a question that was answered well, is none that the document has.
    pub(crate) fn hold(&self, method: &str, path: &str, asked: Option<&str>, answer: &Answer) {
        let paths = self.0["paths"].as_object().expect("paths");
        let exact = paths.get(path);
        let template = || {
            paths
                .iter()
                .find(|(known, _)| fits_template(known, path))
                .map(|(_, found)| found)
        };
        let operation = &exact
            .or_else(template)
            .unwrap_or_else(|| panic!("{path} is not in the document"))[method];
        if operation.is_null() {
            assert_eq!(answer.status, 405, "{method} {path} is not in the document");
            return;
        }
        let told = self.resolved(&operation["responses"][answer.status.to_string()]);
        let kind = answer.header("content-type").expect("a type");
        let schema = &told["content"][kind]["schema"];
        assert!(
            !schema.is_null(),
            "{method} {path}: {} as {kind} is not in the document",
            answer.status
        );
        if let Err(why) = self.fits(schema, &answer.json(), "") {
            panic!(
                "{method} {path} answered what the document does not have: {why}: {}",
                answer.text()
            );
        }
        if let Some(asked) = asked.filter(|_| answer.status < 300) {
            let schema = &operation["requestBody"]["content"]["application/json"]["schema"];
            let asked = serde_json::from_str(asked).expect("JSON");
            if let Err(why) = self.fits(schema, &asked, "") {
                panic!("{method} {path} took what the document does not have: {why}: {asked}");
            }
        }
    }

    fn resolved<'a>(&'a self, schema: &'a Value) -> &'a Value {
        match schema["$ref"].as_str().and_then(|path| path.strip_prefix('#')) {
            Some(path) => self.0.pointer(path).expect("what is referred to"),
            None => schema,
        }
    }

    /// Whether a value is one of a schema, as far as the document uses JSON Schema; where not.
    fn fits(&self, schema: &Value, value: &Value, at: &str) -> Result<(), String> {
        let schema = self.resolved(schema);
        if let Some(any) = schema["anyOf"].as_array() {
            let tried: Vec<_> = any.iter().map(|one| self.fits(one, value, at)).collect();
            return if tried.iter().any(Result::is_ok) {
                Ok(())
            } else {
                Err(tried.into_iter().filter_map(Result::err).collect::<Vec<_>>().join("; "))
            };
        }
        if let Some(known) = schema.get("const") {
            return if value == known {
                Ok(())
            } else {
                Err(format!("`{at}` is not {known}"))
            };
        }
        let types: Vec<&str> = match &schema["type"] {
            Value::String(one) => vec![one],
            Value::Array(several) => several.iter().filter_map(Value::as_str).collect(),
            _ => return Ok(()),
        };
        if !types.iter().any(|name| is_a(name, value)) {
            return Err(format!("`{at}` is no {types:?}"));
        }
        if schema["enum"].as_array().is_some_and(|known| !known.contains(value)) {
            return Err(format!("`{at}` is none of {}", schema["enum"]));
        }
        if let Some(values) = value.as_array() {
            for (n, one) in values.iter().enumerate() {
                self.fits(&schema["items"], one, &format!("{at}/{n}"))?;
            }
        }
        let Some(members) = value.as_object() else {
            return Ok(());
        };
        let required = schema["required"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(Value::as_str);
        for name in required {
            members.get(name).ok_or(format!("`{at}/{name}` is missing"))?;
        }
        let counts = [("minProperties", true), ("maxProperties", false)];
        for (name, least) in counts {
            let Some(limit) = schema[name].as_u64() else { continue };
            let many = members.len() as u64;
            if if least { many < limit } else { many > limit } {
                return Err(format!("`{at}` has {many} members"));
            }
        }
        for (name, one) in members {
            match schema["properties"].get(name) {
                Some(schema) => self.fits(schema, one, &format!("{at}/{name}"))?,
                // What is answered is told whole; what is asked for may be closed.
                None if schema.get("properties").is_some() => return Err(format!("`{at}/{name}` is not told of")),
                None => {}
            }
        }
        Ok(())
    }
}

fn is_a(name: &str, value: &Value) -> bool {
    match name {
        "null" => value.is_null(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "string" => value.is_string(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        _ => false,
    }
}

/// Whether a path is one of a template such as `/tokens/{id}`.
fn fits_template(template: &str, path: &str) -> bool {
    let (template, path): (Vec<_>, Vec<_>) = (template.split('/').collect(), path.split('/').collect());
    template.len() == path.len()
        && template
            .iter()
            .zip(&path)
            .all(|(known, one)| known.starts_with('{') || known == one)
}
