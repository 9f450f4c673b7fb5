//! Countries by name, as the browser knows them in the reader's language.

use std::{cell::RefCell, cmp::Ordering};

use gloo_net::http::Request;
use guard::Country;
use js_sys::{Array, Function, Intl, Object, Reflect};
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
    let arguments = Array::of2(&english(), &options);
    Reflect::construct(&constructor, &arguments).ok()
}

fn spoken(names: &JsValue, code: &str) -> Option<String> {
    let of: Function = Reflect::get(names, &JsValue::from_str("of")).ok()?.dyn_into().ok()?;
    of.call1(names, &JsValue::from_str(code)).ok()?.as_string()
}

fn english() -> Array {
    Array::of1(&JsValue::from_str("en"))
}

/// All countries that rules and tokens can name, with their names, in the order of these.
pub(crate) fn all() -> Vec<(Country, String)> {
    let mut all: Vec<_> = Country::all().map(|one| (one, name(one.as_str()))).collect();
    // As in a dictionary: Åland is near the beginning.
    let compare = Intl::Collator::new(&english(), &Object::new()).compare();
    all.sort_by(|(_, one), (_, other)| {
        let told = compare.call2(&JsValue::UNDEFINED, &JsValue::from_str(one), &JsValue::from_str(other));
        told.ok()
            .and_then(|told| told.as_f64()?.partial_cmp(&0.0))
            .unwrap_or(Ordering::Equal)
    });
    all
}

/// Outlines of the countries that the map shows, as `web/tools/world.mjs` writes them.
pub(crate) async fn outlines() -> Result<String, Failure> {
    let answer = Request::get("/world.tsv")
        .send()
        .await
        .map_err(|_| Failure::Unreachable)?;
    answer.text().await.map_err(|_| Failure::Server)
}
