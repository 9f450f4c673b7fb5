//! On or off, with a sentence on what that means.

use leptos::prelude::*;

use super::field::fresh_id;

/// A check box that looks like a switch. `barred`: why it cannot be turned; then it says so behind the hint.
#[component]
pub(crate) fn Switch(
    #[prop(into)] label: String,
    value: RwSignal<bool>,
    #[prop(into, optional)] hint: Option<String>,
    #[prop(into, optional)] barred: Signal<Option<String>>,
) -> impl IntoView {
    let id = fresh_id("switch");
    let hint_id = format!("{id}-hint");
    let said = Signal::derive(move || {
        let said: Vec<_> = hint.clone().into_iter().chain(barred.get()).collect();
        (!said.is_empty()).then(|| said.join(" "))
    });
    let described = hint_id.clone();
    let described = move || said.with(Option::is_some).then(|| described.clone());
    view! {
        <div class="switch">
            <input id=id.clone() type="checkbox" role="switch" aria-describedby=described bind:checked=value disabled=move || barred.with(Option::is_some)/>
            <div>
                <label for=id>{label}</label>
                {move || said.get().map(|text| view! { <p class="field-hint" id=hint_id.clone()>{text}</p> })}
            </div>
        </div>
    }
}
