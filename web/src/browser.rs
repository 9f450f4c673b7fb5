//! The few things asked of the browser directly.

use leptos::{
    ev,
    prelude::{document, on_cleanup, window, window_event_listener},
};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{
    Blob, BlobPropertyBag, FocusOptions, HtmlAnchorElement, HtmlDocument, HtmlElement, HtmlInputElement,
    ScrollIntoViewOptions, ScrollLogicalPosition, Url,
};

/// The element of that id.
pub(crate) fn element(id: &str) -> Option<HtmlElement> {
    document().get_element_by_id(id)?.dyn_into().ok()
}

/// Whether a dialog has the page's attention.
pub(crate) fn is_in_dialog() -> bool {
    document().query_selector("dialog[open]").ok().flatten().is_some()
}

/// Scrolls an element into view, no further than needed.
pub(crate) fn reveal(id: &str) {
    if let Some(one) = element(id) {
        let options = ScrollIntoViewOptions::new();
        options.set_block(ScrollLogicalPosition::Nearest);
        one.scroll_into_view_with_scroll_into_view_options(&options);
    }
}

/// Gives the focus to what the page is about, and scrolls nowhere.
pub(crate) fn focus_main() {
    if let Some(main) = element("main") {
        let options = FocusOptions::new();
        options.set_prevent_scroll(true);
        let _ = main.focus_with_options(&options);
    }
}

/// Whether nothing has the focus, or something in a dialog that is closed.
pub(crate) fn is_focus_lost() -> bool {
    document().active_element().is_none_or(|one| {
        one.matches("body, dialog:not([open]), dialog:not([open]) *")
            .unwrap_or(true)
    })
}

/// Whether commands are given with ⌘ here.
pub(crate) fn is_apple() -> bool {
    let platform = window().navigator().platform().unwrap_or_default();
    ["Mac", "iPhone", "iPad"].iter().any(|one| platform.starts_with(one))
}

/// Scheme, host and port of this page, without a trailing slash.
pub(crate) fn origin() -> String {
    window().location().origin().unwrap_or_default()
}

/// Leaves everything in memory behind and starts afresh at `path`.
pub(crate) fn restart_at(path: &str) {
    let _ = window().location().assign(path);
}

/// What was kept under that key, by this browser for this site.
pub(crate) fn kept(key: &str) -> Option<String> {
    window().local_storage().ok().flatten()?.get_item(key).ok().flatten()
}

/// Keeps a value; `None` forgets it. A browser that keeps nothing is no error.
pub(crate) fn keep(key: &str, value: Option<&str>) {
    let Ok(Some(store)) = window().local_storage() else {
        return;
    };
    let _ = match value {
        Some(value) => store.set_item(key, value),
        None => store.remove_item(key),
    };
}

/// What was kept for this tab only.
pub(crate) fn kept_in_tab(key: &str) -> Option<String> {
    window().session_storage().ok().flatten()?.get_item(key).ok().flatten()
}

/// Keeps a value while this tab lives; `None` forgets it.
pub(crate) fn keep_in_tab(key: &str, value: Option<&str>) {
    let Ok(Some(store)) = window().session_storage() else {
        return;
    };
    let _ = match value {
        Some(value) => store.set_item(key, value),
        None => store.remove_item(key),
    };
}

/// Puts a text on the clipboard; true where that worked. The clipboard exists on secure origins only, so that plain
/// HTTP needs the older way, through a selected input.
pub(crate) async fn copy(text: &str) -> bool {
    if window().is_secure_context()
        && JsFuture::from(window().navigator().clipboard().write_text(text))
            .await
            .is_ok()
    {
        return true;
    }
    copy_by_selection(text).unwrap_or(false)
}

fn copy_by_selection(text: &str) -> Option<bool> {
    let document: HtmlDocument = document().dyn_into().ok()?;
    let input: HtmlInputElement = document.create_element("input").ok()?.dyn_into().ok()?;
    // Inside an open dialog, since nothing outside of it can be selected.
    let place = document
        .query_selector("dialog[open]")
        .ok()?
        .or_else(|| document.body().map(Into::into))?;
    input.set_value(text);
    input.set_class_name("sr-only");
    place.append_child(&input).ok()?;
    input.select();
    let done = document.exec_command("copy").unwrap_or(false);
    input.remove();
    Some(done)
}

/// Hands a text over as a file of that name.
pub(crate) fn download(name: &str, kind: &str, text: &str) {
    let _ = try_download(name, kind, text);
}

/// Saves what the server answers there as a file.
pub(crate) fn save(path: &str) {
    if let Ok(link) = document().create_element("a") {
        let link: HtmlAnchorElement = link.unchecked_into();
        link.set_href(path);
        link.set_download("");
        link.click();
    }
}

fn try_download(name: &str, kind: &str, text: &str) -> Result<(), JsValue> {
    let options = BlobPropertyBag::new();
    options.set_type(kind);
    let blob = Blob::new_with_str_sequence_and_options(&js_sys::Array::of1(&JsValue::from_str(text)), &options)?;
    let address = Url::create_object_url_with_blob(&blob)?;
    let link: HtmlAnchorElement = document().create_element("a")?.unchecked_into();
    link.set_href(&address);
    link.set_download(name);
    link.click();
    Url::revoke_object_url(&address)
}

/// Calls `heard` with each secret that is put behind `#` while the page is open: a link that is opened where its page
/// is open already loads nothing.
pub(crate) fn on_fragment(heard: impl Fn(String) + 'static) {
    let listening = window_event_listener(ev::hashchange, move |_| {
        let fragment = take_fragment();
        if !fragment.is_empty() {
            heard(fragment);
        }
    });
    on_cleanup(move || listening.remove());
}

/// The secret behind `#`. It is taken out of the address bar, so that it stays in no history.
pub(crate) fn take_fragment() -> String {
    let location = window().location();
    let fragment = location.hash().unwrap_or_default();
    if !fragment.is_empty() {
        let path = location.pathname().unwrap_or_default() + &location.search().unwrap_or_default();
        if let Ok(history) = window().history() {
            let state = history.state().unwrap_or(JsValue::NULL);
            let _ = history.replace_state_with_url(&state, "", Some(&path));
        }
    }
    fragment.trim_start_matches('#').to_owned()
}
