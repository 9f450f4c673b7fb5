//! One of many, where seeing all of them at once would take too much room.

use leptos::prelude::*;

use super::field::fresh_id;

/// A list that opens; the label stands beside it. Options are pairs of a value and what people read.
#[component]
pub(crate) fn Select(
    #[prop(into)] label: String,
    #[prop(into)] options: Signal<Vec<(String, String)>>,
    #[prop(into)] chosen: Signal<String>,
    #[prop(into)] on_choose: Callback<String>,
    #[prop(into, optional)] error: Signal<Option<String>>,
) -> impl IntoView {
    let error_id = format!("{}-error", fresh_id("select"));
    let described = error_id.clone();
    let described = move || error.with(Option::is_some).then(|| described.clone());
    let list = move || {
        options.get().into_iter().map(move |(value, text)| {
            let is_chosen = chosen.get() == value;
            view! { <option value=value selected=is_chosen>{text}</option> }
        })
    };
    view! {
        <label class="beside">
            <span>{label}</span>
            <select aria-invalid=move || error.with(Option::is_some).then_some("true") aria-describedby=described on:change=move |event| on_choose.run(event_target_value(&event))>
                {move || list().collect_view()}
            </select>
        </label>
        {move || error.get().map(|why| view! { <p class="field-error" id=error_id.clone() role="alert">{why}</p> })}
    }
}
