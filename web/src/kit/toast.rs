//! Short news at the edge of the screen: read out, gone by itself, never the only place where something is said.

use std::time::Duration;

use leptos::prelude::*;

use super::{Icon, Tone};

const SHOWN_FOR: Duration = Duration::from_secs(6);

#[derive(Clone, Debug, PartialEq, Eq)]
struct Toast {
    id: u32,
    tone: Tone,
    text: String,
}

/// The news shown now.
#[derive(Clone, Copy)]
pub(crate) struct Toasts {
    shown: RwSignal<Vec<Toast>>,
    last: StoredValue<u32>,
}

/// Where pages leave their news.
pub(crate) fn use_toasts() -> Toasts {
    expect_context()
}

impl Toasts {
    pub(crate) fn provide() {
        provide_context(Self {
            shown: RwSignal::new(Vec::new()),
            last: StoredValue::new(0),
        });
    }

    /// Something was done.
    pub(crate) fn good(self, text: impl Into<String>) {
        self.say(Tone::Good, text.into());
    }

    /// Something did not work.
    pub(crate) fn bad(self, text: impl Into<String>) {
        self.say(Tone::Bad, text.into());
    }

    fn say(self, tone: Tone, text: String) {
        self.last.update_value(|last| *last = last.wrapping_add(1));
        let id = self.last.get_value();
        self.shown.update(|shown| shown.push(Toast { id, tone, text }));
        set_timeout(move || self.forget(id), SHOWN_FOR);
    }

    fn forget(self, id: u32) {
        self.shown.update(|shown| shown.retain(|toast| toast.id != id));
    }
}

/// The place of the news.
#[component]
pub(crate) fn ToastPlace() -> impl IntoView {
    let toasts = use_toasts();
    view! {
        <div class="toasts" role="status" aria-live="polite">
            <For each=move || toasts.shown.get() key=|toast| toast.id let:toast>
                <div class="toast" data-tone=toast.tone.word()>
                    <Icon of=if toast.tone == Tone::Bad { icondata_lu::LuCircleAlert } else { icondata_lu::LuCircleCheck }/>
                    <span>{toast.text}</span>
                    <button type="button" class="btn btn-quiet btn-icon" aria-label="Dismiss" on:click=move |_| toasts.forget(toast.id)>
                        <Icon of=icondata_lu::LuX/>
                    </button>
                </div>
            </For>
        </div>
    }
}
