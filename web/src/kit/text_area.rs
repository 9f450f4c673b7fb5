//! A text of several lines: a key, a note. Label, hint and error are those of any field.

use leptos::prelude::*;

use super::field::fresh_id;

/// Several lines of text, in letters of one width.
#[component]
pub(crate) fn TextArea(
    #[prop(into)] label: String,
    value: RwSignal<String>,
    #[prop(default = 6)] lines: u32,
    #[prop(into, optional)] hint: Option<String>,
    #[prop(into, optional)] error: Signal<Option<String>>,
    #[prop(optional)] placeholder: &'static str,
    #[prop(optional)] required: bool,
    #[prop(optional)] autofocus: bool,
) -> impl IntoView {
    let id = fresh_id("area");
    let (hint_id, error_id) = (format!("{id}-hint"), format!("{id}-error"));
    let described = {
        let (hint_id, error_id) = (hint.as_ref().map(|_| hint_id.clone()), error_id.clone());
        move || error.get().map(|_| error_id.clone()).or_else(|| hint_id.clone())
    };
    view! {
        <div class="field">
            <label for=id.clone()>
                {label}
                {(!required).then(|| view! { <span class="field-optional">"optional"</span> })}
            </label>
            <div class="input input-mono" class:input-bad=move || error.get().is_some()>
                <textarea
                    id=id
                    rows=lines
                    placeholder=placeholder
                    required=required
                    autofocus=autofocus
                    autocomplete="off"
                    spellcheck="false"
                    autocapitalize="off"
                    aria-invalid=move || error.get().map(|_| "true")
                    aria-describedby=described
                    bind:value=value
                ></textarea>
            </div>
            {hint.map(|text| view! { <p class="field-hint" id=hint_id hidden=move || error.get().is_some()>{text}</p> })}
            <p class="field-error" id=error_id role="alert" hidden=move || error.get().is_none()>{move || error.get()}</p>
        </div>
    }
}
