//! What a token says, in words.

use leptos::prelude::*;
use serde_json::{Map, Value};

use crate::{api::scalar::DateTime, kit::Card, time};

/// Its claims, those that matter most first. `plain`: without a frame.
#[component]
pub(crate) fn Said(
    claims: Map<String, Value>,
    #[prop(optional_no_strip)] kid: Option<String>,
    #[prop(optional)] plain: bool,
) -> impl IntoView {
    let mut rows: Vec<_> = KNOWN
        .iter()
        .filter_map(|(name, label)| Some(((*label).to_owned(), told(name, claims.get(*name)?))))
        .collect();
    let others = claims
        .iter()
        .filter(|(name, _)| !KNOWN.iter().any(|(known, _)| known == name));
    rows.extend(others.map(|(name, value)| (name.clone(), plainly(value))));
    rows.extend(kid.map(|kid| ("Key".to_owned(), kid)));
    let raw = serde_json::to_string_pretty(&Value::Object(claims)).unwrap_or_default();
    let list = view! {
        <dl class="pairs">
            {rows.into_iter().map(|(label, text)| view! { <div><dt>{label}</dt><dd>{text}</dd></div> }).collect_view()}
        </dl>
        <details class="more-ways raw">
            <summary>"As JSON"</summary>
            <pre class="claims mono" tabindex="0" aria-label="Claims as JSON">{raw}</pre>
        </details>
    };
    if plain {
        list.into_any()
    } else {
        view! { <Card title="What it says">{list}</Card> }.into_any()
    }
}

const KNOWN: [(&str, &str); 22] = [
    ("aud", "Lets"),
    ("streams", "Streams"),
    ("groups", "Groups"),
    ("org", "Whole organisation"),
    ("user", "Viewer"),
    ("tag", "Tag"),
    ("iat", "Issued"),
    ("nbf", "Not before"),
    ("exp", "Expires"),
    ("ip", "Addresses"),
    ("domains", "Sites"),
    ("countries", "Countries"),
    ("asns", "Networks"),
    ("ua", "Player"),
    ("maxSessions", "Sessions at once"),
    ("bindIps", "Locks itself to addresses"),
    ("maxUses", "Uses in all"),
    ("revocable", "Revocable by itself"),
    ("forceDisconnect", "Ends sessions"),
    ("amr", "Recognised by"),
    ("jti", "Id"),
    ("iss", "Issuer"),
];

fn told(name: &str, value: &Value) -> String {
    match (name, value) {
        ("iat" | "nbf" | "exp", Value::Number(seconds)) => moment(seconds.as_f64().unwrap_or_default()),
        ("aud", Value::String(text)) if text == "play" => "Watch".to_owned(),
        ("aud", Value::String(text)) if text == "publish" => "Publish".to_owned(),
        _ => plainly(value),
    }
}

fn plainly(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Bool(true) => "yes".to_owned(),
        Value::Bool(false) => "no".to_owned(),
        Value::Array(values) => values.iter().map(plainly).collect::<Vec<_>>().join(", "),
        other => other.to_string(),
    }
}

fn moment(seconds: f64) -> String {
    let at = js_sys::Date::new(&wasm_bindgen::JsValue::from_f64(seconds * 1000.0));
    if at.get_time().is_nan() {
        return seconds.to_string();
    }
    let at = DateTime(at.to_iso_string().into());
    format!("{} ({})", time::exact(&at), time::relative(&at, js_sys::Date::now()))
}
