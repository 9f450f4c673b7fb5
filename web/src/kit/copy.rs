//! A text to be taken along: an address, a command, a token.

use std::time::Duration;

use leptos::{html, prelude::*, task::spawn_local};

use super::Icon;
use crate::browser;

const SAID_FOR: Duration = Duration::from_secs(2);

/// A labelled text with a copy button. A long one wraps where `lines` is set, and else scrolls.
#[component]
pub(crate) fn CopyField(
    #[prop(into)] label: String,
    #[prop(into)] value: Signal<String>,
    #[prop(optional)] lines: bool,
) -> impl IntoView {
    let copied = RwSignal::new(false);
    let text = NodeRef::<html::Code>::new();
    let press = move |_| {
        spawn_local(async move {
            if browser::copy(&value.get_untracked()).await {
                copied.set(true);
                set_timeout(move || copied.set(false), SAID_FOR);
            }
        });
    };
    let name = format!("Copy {label}");
    view! {
        <div class="copy">
            <span class="copy-label">{label.clone()}</span>
            <div class="copy-box" class:copy-lines=lines>
                <code node_ref=text tabindex="0" role="textbox" aria-readonly="true" aria-multiline=lines.then_some("true") aria-label=label>{value}</code>
                <button type="button" class="copy-btn" aria-label=name on:click=press>
                    {move || if copied.get() { view! { <Icon of=icondata_lu::LuCheck/> } } else { view! { <Icon of=icondata_lu::LuCopy/> } }}
                </button>
            </div>
            <span class="sr-only" role="status">{move || if copied.get() { "Copied" } else { "" }}</span>
        </div>
    }
}
