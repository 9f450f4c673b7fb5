//! What is seen this once: the secret of a token, recovery codes.

use leptos::prelude::*;

use super::{Button, CopyField, Look, Notice, Tone};
use crate::browser;

/// A secret, with a way to take it along. `file` offers it as a file of that name too.
#[component]
pub(crate) fn ShownOnce(
    #[prop(into)] label: String,
    #[prop(into)] secret: String,
    #[prop(into)] warning: String,
    #[prop(optional)] file: Option<&'static str>,
    open: RwSignal<bool>,
    #[prop(optional)] children: Option<Children>,
) -> impl IntoView {
    let text = StoredValue::new(secret.clone());
    view! {
        <div class="dialog-body">
            <Notice tone=Tone::Warn>{warning}</Notice>
            <CopyField label value=secret lines=true/>
            {children.map(|children| children())}
        </div>
        <footer class="dialog-foot">
            {file.map(|name| view! {
                <Button icon=icondata_lu::LuDownload on_press=move |_| browser::download(name, "text/plain", &text.get_value())>"Download"</Button>
            })}
            <Button look=Look::Primary on_press=move |_| open.set(false)>"Done"</Button>
        </footer>
    }
}
