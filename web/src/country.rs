//! Countries by name, as the browser knows them in the reader's language.

use std::cell::RefCell;

use gloo_net::http::Request;
use js_sys::{Array, Function, Object, Reflect};
use wasm_bindgen::{JsCast, JsValue};

use crate::api::failure::Failure;

/// The name of a country by its code (ISO 3166-1 alpha-2); the code where the browser knows none.
pub(crate) fn name(code: &str) -> String {
    if code.is_empty() || code == "none" {
        return "Unknown country".to_owned();
    }
    NAMES.with_borrow_mut(|names| {
        let names = names.get_or_insert_with(|| display_names().unwrap_or(JsValue::NULL));
        spoken(names, code).unwrap_or_else(|| code.to_owned())
    })
}

thread_local! {
    static NAMES: RefCell<Option<JsValue>> = const { RefCell::new(None) };
}

fn display_names() -> Option<JsValue> {
    let intl = Reflect::get(&js_sys::global(), &JsValue::from_str("Intl")).ok()?;
    let constructor: Function = Reflect::get(&intl, &JsValue::from_str("DisplayNames"))
        .ok()?
        .dyn_into()
        .ok()?;
    let options = Object::new();
    Reflect::set(&options, &JsValue::from_str("type"), &JsValue::from_str("region")).ok()?;
    let arguments = Array::of2(&Array::of1(&JsValue::from_str("en")), &options);
    Reflect::construct(&constructor, &arguments).ok()
}

fn spoken(names: &JsValue, code: &str) -> Option<String> {
    let of: Function = Reflect::get(names, &JsValue::from_str("of")).ok()?.dyn_into().ok()?;
    of.call1(names, &JsValue::from_str(code)).ok()?.as_string()
}

/// All countries, by code and name, in the order of their names.
pub(crate) async fn all() -> Result<Vec<(String, String)>, Failure> {
    let outlines = outlines().await?;
    let codes = outlines.lines().filter_map(|line| line.split('\t').next());
    let mut all: Vec<_> = codes.map(|code| (code.to_owned(), name(code))).collect();
    all.sort_by(|(_, one), (_, other)| one.cmp(other));
    Ok(all)
}

/// Outlines of all countries, as `web/tools/world.mjs` writes them.
pub(crate) async fn outlines() -> Result<String, Failure> {
    let answer = Request::get("/world.tsv")
        .send()
        .await
        .map_err(|_| Failure::Unreachable)?;
    answer.text().await.map_err(|_| Failure::Server)
}
