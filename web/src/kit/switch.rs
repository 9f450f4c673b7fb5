//! On or off, with a sentence on what that means.

use leptos::prelude::*;

use super::field::fresh_id;

/// A check box that looks like a switch.
#[component]
pub(crate) fn Switch(
    #[prop(into)] label: String,
    value: RwSignal<bool>,
    #[prop(into, optional)] hint: Option<String>,
    #[prop(into, optional)] disabled: Signal<bool>,
) -> impl IntoView {
    let id = fresh_id("switch");
    let hint_id = format!("{id}-hint");
    let described = hint.as_ref().map(|_| hint_id.clone());
    view! {
        <div class="switch">
            <input id=id.clone() type="checkbox" role="switch" aria-describedby=described bind:checked=value disabled=disabled/>
            <div>
                <label for=id>{label}</label>
                {hint.map(|text| view! { <p class="field-hint" id=hint_id>{text}</p> })}
            </div>
        </div>
    }
}
