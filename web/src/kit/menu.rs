//! A button that opens a list of actions, on the popover of the browser: it lies above everything and closes by itself.

use icondata_core::Icon as Drawing;
use leptos::{ev::KeyboardEvent, html, prelude::*};
use wasm_bindgen::JsCast;
use web_sys::HtmlElement;

use super::{Icon, field::fresh_id};

const GAP_PX: f64 = 6.0;

/// A menu. `button` is what its opener shows, `label` what the opener is called, unless what it shows `says_it`.
#[component]
pub(crate) fn Menu(
    #[prop(into)] label: String,
    #[prop(default = "btn btn-quiet btn-icon")] class: &'static str,
    #[prop(into)] button: ViewFnOnce,
    #[prop(optional)] says_it: bool,
    children: Children,
) -> impl IntoView {
    let id = fresh_id("menu");
    let opener = NodeRef::<html::Button>::new();
    let list = NodeRef::<html::Div>::new();
    let expanded = RwSignal::new(false);
    let toggled = move |_| {
        let Some(list) = list.get_untracked() else { return };
        let open = list.matches(":popover-open").unwrap_or(false);
        expanded.set(open);
        if let (true, Some(opener)) = (open, opener.get_untracked()) {
            place(&list, &opener);
            focus(&list, 0);
        }
    };
    view! {
        <button
            node_ref=opener
            type="button"
            class=class
            aria-label=(!says_it).then(|| label.clone())
            aria-haspopup="menu"
            aria-expanded=move || expanded.get().to_string()
            popovertarget=id.clone()
        >
            {button.run()}
        </button>
        <div node_ref=list id=id class="menu" popover="auto" role="menu" aria-label=label on:toggle=toggled on:keydown=move |event| keys(list.get_untracked(), &event)>
            {children()}
        </div>
    }
}

/// One action; choosing it closes the menu. `barred`: why it would fail; then it says so, and does nothing.
#[component]
pub(crate) fn MenuItem(
    icon: Drawing,
    #[prop(into)] on_choose: Callback<()>,
    #[prop(optional)] danger: bool,
    #[prop(into, optional)] barred: Signal<Option<String>>,
    children: Children,
) -> impl IntoView {
    let is_barred = move || barred.with(Option::is_some);
    let chosen = move |event| {
        if !untrack(is_barred) {
            close_around(&event);
            on_choose.run(());
        }
    };
    view! {
        <button type="button" class="menu-item" class:menu-danger=danger role="menuitem" tabindex="-1" aria-disabled=move || is_barred().then_some("true") on:click=chosen>
            <Icon of=icon/>
            <span>{children()}{move || barred.get().map(|why| view! { " "<span class="menu-note">{why}</span> })}</span>
        </button>
    }
}

fn close_around(event: &web_sys::MouseEvent) {
    let item = event
        .current_target()
        .and_then(|target| target.dyn_into::<HtmlElement>().ok());
    let menu = item.and_then(|item| item.closest("[popover]").ok().flatten());
    if let Some(menu) = menu.and_then(|menu| menu.dyn_into::<HtmlElement>().ok()) {
        let _ = menu.hide_popover();
    }
}

/// Under the opener, flush with its right edge; above it where there is no room below.
fn place(list: &HtmlElement, opener: &HtmlElement) {
    let (around, own) = (opener.get_bounding_client_rect(), list.get_bounding_client_rect());
    let height = window()
        .inner_height()
        .ok()
        .and_then(|height| height.as_f64())
        .unwrap_or_default();
    let below = around.bottom() + GAP_PX;
    let top = if below + own.height() > height {
        (around.top() - own.height() - GAP_PX).max(GAP_PX)
    } else {
        below
    };
    let left = (around.right() - own.width()).max(GAP_PX);
    let style = web_sys::HtmlElement::style(list);
    let _ = style.set_property("top", &format!("{top}px"));
    let _ = style.set_property("left", &format!("{left}px"));
}

fn keys(list: Option<web_sys::HtmlDivElement>, event: &KeyboardEvent) {
    let Some(list) = list else { return };
    let items = items(&list);
    let at = items.iter().position(|item| {
        document()
            .active_element()
            .is_some_and(|active| active.is_same_node(Some(item)))
    });
    let to = match event.key().as_str() {
        "ArrowDown" => at.map_or(0, |at| at + 1) % items.len().max(1),
        "ArrowUp" => at.unwrap_or(0).checked_sub(1).unwrap_or(items.len().saturating_sub(1)),
        "Home" => 0,
        "End" => items.len().saturating_sub(1),
        "Tab" => return drop(list.hide_popover()),
        _ => return,
    };
    event.prevent_default();
    focus(&list, to);
}

fn focus(list: &HtmlElement, index: usize) {
    if let Some(item) = items(list).get(index) {
        let _ = item.focus();
    }
}

fn items(list: &HtmlElement) -> Vec<HtmlElement> {
    let Ok(found) = list.query_selector_all("[role=menuitem], [role=menuitemradio]") else {
        return Vec::new();
    };
    (0..found.length())
        .filter_map(|at| found.item(at)?.dyn_into().ok())
        .collect()
}
