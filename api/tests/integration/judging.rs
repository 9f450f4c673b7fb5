//! The role is judged before the input: who may not do something learns nothing from a mistake in how they asked.
//!
//! The inputs come from the schema itself. A scalar that is wrong only in its value (a moment that is none, a number that is
//! too large) is read by the operation; everything else is wrong by the schema, for everybody alike.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::harness::{Client, World};

type Kinds = BTreeMap<String, Value>;

#[tokio::test]
async fn who_may_not_is_told_so_whatever_they_wrote() {
    let world = World::new().await;
    let admin = world.as_role("nanoAdmin").await;
    let kinds = kinds(&admin).await;
    let anonymous = world.anonymous();
    let reader = world.as_role("nanoReadOnly").await;
    let mut looked_at = 0;
    for mutation in kinds["Mutation"]["fields"].as_array().unwrap() {
        let name = mutation["name"].as_str().unwrap();
        for argument in mutation["args"].as_array().unwrap() {
            let input = named(&argument["type"]);
            for path in paths(&kinds, input, 3) {
                looked_at += 1;
                for client in [&anonymous, &reader] {
                    let ask = async |value: &str| {
                        let input = written(&kinds, input, &path, value);
                        let query = format!("mutation {{ {name}(input: {input}) {{ errors {{ code }} }} }}");
                        client.ask(&query, json!({})).await
                    };
                    let (good, bad) = match leaf(&kinds, input, &path) {
                        "Int" => ("1", "3000000000"),
                        _ => ("\"2027-02-01T00:00:00Z\"", "\"tomorrow\""),
                    };
                    let (good, bad) = (ask(good).await, ask(bad).await);
                    let code = good.code();
                    if ["UNAUTHENTICATED", "FORBIDDEN"]
                        .iter()
                        .any(|no| code.as_deref() == Some(no))
                    {
                        assert_eq!(
                            bad.body["errors"][0]["message"], good.body["errors"][0]["message"],
                            "{name} {path:?}"
                        );
                        assert_eq!(bad.code(), code, "{name} {path:?}");
                    } else {
                        // Who may is told what is wrong, and that is no mistake of ours.
                        assert_ne!(bad.code().as_deref(), Some("INTERNAL"), "{name} {path:?}: {}", bad.text);
                    }
                }
            }
        }
    }
    assert!(looked_at >= 10, "{looked_at}");

    let log = "{ organisation { auditLog(filter: {from: \"yesterday\"}) { totalCount } } }";
    assert_eq!(reader.code(log, json!({})).await, "FORBIDDEN");
    assert_eq!(admin.code(log, json!({})).await, "INVALID");
    let token = "mutation { createPlaybackToken(input: {organisation: true, expiresAt: \"soon\"}) { token } }";
    assert_eq!(admin.code(token, json!({})).await, "INVALID");
}

/// The ways through an input to its moments and numbers.
fn paths(kinds: &Kinds, input: &str, deep: usize) -> Vec<Vec<String>> {
    let mut found = Vec::new();
    for field in fields(kinds, input) {
        let (name, kind) = (field["name"].as_str().unwrap(), named(&field["type"]));
        if ["Int", "DateTime"].contains(&kind) {
            found.push(vec![name.to_owned()]);
        } else if deep > 1 && kinds[kind]["kind"] == "INPUT_OBJECT" {
            for below in paths(kinds, kind, deep - 1) {
                found.push([vec![name.to_owned()], below].concat());
            }
        }
    }
    found
}

/// The kind of what a path leads to.
fn leaf<'a>(kinds: &'a Kinds, input: &str, path: &[String]) -> &'a str {
    let field = fields(kinds, input)
        .iter()
        .find(|field| field["name"] == *path[0])
        .unwrap();
    let kind = named(&field["type"]);
    if path.len() == 1 {
        kind
    } else {
        leaf(kinds, kind, &path[1..])
    }
}

/// An input with `value` at the end of a path, and nothing else but what must be there.
fn written(kinds: &Kinds, input: &str, path: &[String], value: &str) -> String {
    let mut parts = Vec::new();
    for field in fields(kinds, input) {
        let (name, kind) = (field["name"].as_str().unwrap(), &field["type"]);
        let text = if path.first().is_some_and(|first| first == name) {
            if path.len() == 1 {
                value.to_owned()
            } else {
                written(kinds, named(kind), &path[1..], value)
            }
        } else if kind["kind"] == "NON_NULL" && field["defaultValue"].is_null() {
            sample(kinds, named(kind))
        } else {
            continue;
        };
        parts.push(format!("{name}: {text}"));
    }
    format!("{{{}}}", parts.join(", "))
}

/// Something of that kind; a list takes one for itself.
fn sample(kinds: &Kinds, kind: &str) -> String {
    match (kind, kinds[kind]["kind"].as_str()) {
        ("Int" | "Float", _) => "1".to_owned(),
        ("Boolean", _) => "true".to_owned(),
        ("DateTime", _) => "\"2027-02-01T00:00:00Z\"".to_owned(),
        (_, Some("ENUM")) => kinds[kind]["enumValues"][0]["name"].as_str().unwrap().to_owned(),
        (_, Some("INPUT_OBJECT")) => written(kinds, kind, &[], ""),
        _ => "\"x\"".to_owned(),
    }
}

fn fields<'a>(kinds: &'a Kinds, input: &str) -> &'a Vec<Value> {
    kinds[input]["inputFields"].as_array().unwrap()
}

/// The name below `[…]` and `!`.
fn named(kind: &Value) -> &str {
    kind["name"].as_str().unwrap_or_else(|| named(&kind["ofType"]))
}

async fn kinds(client: &Client) -> Kinds {
    let kind = "kind name ofType { kind name ofType { kind name ofType { kind name } } }";
    let query = format!(
        "{{ __schema {{ types {{ kind name enumValues {{ name }} inputFields {{ name defaultValue type {{ {kind} }} }}
            fields {{ name args {{ name type {{ {kind} }} }} }} }} }} }}"
    );
    let data = client.data(&query, json!({})).await;
    let types = data["__schema"]["types"].as_array().unwrap();
    types
        .iter()
        .map(|one| (one["name"].as_str().unwrap().to_owned(), one.clone()))
        .collect()
}
