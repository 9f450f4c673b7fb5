//! Form fields: a label that stays, a hint, and an error that is read out with the field.

use std::sync::atomic::{AtomicU32, Ordering};

use leptos::prelude::*;

/// An id that no other element of the page has.
pub(crate) fn fresh_id(kind: &str) -> String {
    static LAST: AtomicU32 = AtomicU32::new(0);
    format!("{kind}-{}", LAST.fetch_add(1, Ordering::Relaxed))
}

/// One line of text.
#[component]
pub(crate) fn TextField(
    #[prop(into)] label: String,
    value: RwSignal<String>,
    #[prop(default = "text")] kind: &'static str,
    #[prop(into, optional)] hint: Option<String>,
    #[prop(into, optional)] error: Signal<Option<String>>,
    #[prop(optional)] autocomplete: &'static str,
    #[prop(optional)] placeholder: &'static str,
    #[prop(into, optional)] prefix: Option<String>,
    #[prop(optional)] required: bool,
    #[prop(optional)] autofocus: bool,
    #[prop(optional)] mono: bool,
) -> impl IntoView {
    let id = fresh_id("field");
    let (hint_id, error_id) = (format!("{id}-hint"), format!("{id}-error"));
    let described = {
        let (hint_id, error_id, has_hint) = (hint_id.clone(), error_id.clone(), hint.is_some());
        move || match (error.get().is_some(), has_hint) {
            (true, _) => Some(error_id.clone()),
            (false, true) => Some(hint_id.clone()),
            (false, false) => None,
        }
    };
    view! {
        <div class="field">
            <label for=id.clone()>
                {label}
                {(!required && kind == "text").then(|| view! { <span class="field-optional">"optional"</span> })}
            </label>
            <div class="input" class:input-mono=mono class:input-bad=move || error.get().is_some()>
                {prefix.map(|text| view! { <span class="input-prefix" aria-hidden="true">{text}</span> })}
                <input
                    id=id
                    type=kind
                    autocomplete=autocomplete
                    placeholder=placeholder
                    required=required
                    autofocus=autofocus
                    spellcheck="false"
                    autocapitalize="off"
                    aria-invalid=move || error.get().map(|_| "true")
                    aria-describedby=described
                    bind:value=value
                />
            </div>
            {hint.map(|text| view! { <p class="field-hint" id=hint_id hidden=move || error.get().is_some()>{text}</p> })}
            <p class="field-error" id=error_id role="alert" hidden=move || error.get().is_none()>{move || error.get()}</p>
        </div>
    }
}

/// One of the options of [`Choices`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Choice<T> {
    pub(crate) value: T,
    pub(crate) label: String,
}

impl<T> Choice<T> {
    pub(crate) fn new(value: T, label: impl Into<String>) -> Self {
        Self {
            value,
            label: label.into(),
        }
    }
}

/// A few options, all seen at once; radio buttons underneath, so the arrow keys move between them.
#[component]
pub(crate) fn Choices<T>(
    #[prop(into)] legend: String,
    #[prop(optional)] legend_hidden: bool,
    options: Vec<Choice<T>>,
    #[prop(into)] chosen: Signal<T>,
    #[prop(into)] on_choose: Callback<T>,
) -> impl IntoView
where
    T: Clone + PartialEq + Send + Sync + 'static,
{
    let name = fresh_id("choice");
    let options = options.into_iter().map(|Choice { value, label }| {
        let (name, same, picked) = (name.clone(), value.clone(), value);
        view! {
            <label class="choice">
                <input type="radio" name=name prop:checked=move || chosen.get() == same on:change=move |_| on_choose.run(picked.clone())/>
                <span>{label}</span>
            </label>
        }
    });
    view! {
        <fieldset class="choices">
            <legend class:sr-only=legend_hidden>{legend}</legend>
            <div class="choices-row">{options.collect_view()}</div>
        </fieldset>
    }
}
