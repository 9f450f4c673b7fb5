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
    #[prop(optional)] placeholder: &'static str,
    #[prop(optional)] required: bool,
) -> impl IntoView {
    let id = fresh_id("area");
    let hint_id = format!("{id}-hint");
    let described = hint.as_ref().map(|_| hint_id.clone());
    view! {
        <div class="field">
            <label for=id.clone()>
                {label}
                {(!required).then(|| view! { <span class="field-optional">"optional"</span> })}
            </label>
            <div class="input input-mono input-area">
                <textarea
                    id=id
                    rows=lines
                    placeholder=placeholder
                    required=required
                    autocomplete="off"
                    spellcheck="false"
                    autocapitalize="off"
                    aria-describedby=described
                    bind:value=value
                ></textarea>
            </div>
            {hint.map(|text| view! { <p class="field-hint" id=hint_id>{text}</p> })}
        </div>
    }
}
