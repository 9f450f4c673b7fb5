//! Passkeys, by the browser's own reading and writing of `WebAuthn`'s JSON.

use js_sys::{Function, JSON, Object, Promise, Reflect};
use leptos::prelude::window;
use serde_json::Value;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;

use crate::api::{failure::Failure, page::Json};

/// Whether this browser, on this origin, knows passkeys.
pub(crate) fn is_possible() -> bool {
    window().is_secure_context() && reader("parseCreationOptionsFromJSON").is_ok()
}

/// Whether it can prove one here: passkeys are bound to the site that the options name.
pub(crate) fn is_provable(options: &Json) -> bool {
    let site = written(options).get("rpId").and_then(Value::as_str).unwrap_or_default();
    let host = window().location().hostname().unwrap_or_default();
    let is_there = host
        .strip_suffix(site)
        .is_some_and(|rest| rest.is_empty() || rest.ends_with('.'));
    is_there && is_possible()
}

/// Has the browser make a passkey.
pub(crate) async fn create(options: &Json) -> Result<Json, Failure> {
    ask("create", "parseCreationOptionsFromJSON", options)
        .await
        .map_err(|_| Failure::Refused("No passkey was made. Try again, or choose another device.".into()))
}

/// Has the browser prove one.
pub(crate) async fn prove(options: &Json) -> Result<Json, Failure> {
    ask("get", "parseRequestOptionsFromJSON", options)
        .await
        .map_err(|_| Failure::Refused("No passkey was shown. Try again, or use a code.".into()))
}

async fn ask(method: &str, parse: &str, options: &Json) -> Result<Json, JsValue> {
    let written = JSON::parse(&written(options).to_string())?;
    let (class, parse) = reader(parse)?;
    let wish = Object::new();
    Reflect::set(&wish, &"publicKey".into(), &parse.call1(&class, &written)?)?;
    let keeper = Reflect::get(window().navigator().as_ref(), &"credentials".into())?;
    let asking: Promise = call(&keeper, method, Some(&wish))?.dyn_into()?;
    let credential = JsFuture::from(asking).await?;
    let plain = call(&credential, "toJSON", None)?;
    let text = JSON::stringify(&plain)?;
    let read = serde_json::from_str(&String::from(text)).map_err(|error| JsValue::from_str(&error.to_string()))?;
    Ok(Json(read))
}

fn written(options: &Json) -> &Value {
    options.0.get("publicKey").unwrap_or(&options.0)
}

fn reader(name: &str) -> Result<(JsValue, Function), JsValue> {
    let class = Reflect::get(window().as_ref(), &"PublicKeyCredential".into())?;
    if class.is_undefined() {
        return Err(class);
    }
    let function = Reflect::get(&class, &name.into())?.dyn_into()?;
    Ok((class, function))
}

fn call(of: &JsValue, method: &str, with: Option<&Object>) -> Result<JsValue, JsValue> {
    let function: Function = Reflect::get(of, &method.into())?.dyn_into()?;
    match with {
        Some(with) => function.call1(of, with),
        None => function.call0(of),
    }
}
