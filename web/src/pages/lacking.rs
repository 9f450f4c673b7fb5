//! What an organisation does not have the package for: what would fail for want of it is closed, and says why.

use leptos::prelude::*;
use leptos_router::components::A;

use crate::{
    api::{
        client::use_api,
        organisation::{self, Overview, Package},
    },
    kit::{Load, Notice, Tone},
};

/// What the organisation has: asked for now, and again as soon as it may have something else.
pub(super) fn use_overview() -> Load<Overview> {
    let api = use_api();
    Load::new(move || organisation::overview(api)).anew_when(move || api.times_changed.track())
}

/// Whether the organisation lacks a package; not before that is known.
pub(super) fn use_lacking(package: Package) -> Signal<bool> {
    let overview = use_overview();
    let lacking = Memo::new(move |_| {
        let known = overview.value();
        known.with(|known| known.as_ref().is_some_and(|known| !known.has(package)))
    });
    lacking.into()
}

/// Why what needs a package would fail, where it would.
pub(super) fn barred(package: Package, lacking: Signal<bool>) -> Signal<Option<String>> {
    Signal::derive(move || lacking.get().then(|| format!("Needs the package {}.", package.label())))
}

/// Says so, and what comes of it.
#[component]
pub(super) fn Lacking(package: Package, when: Signal<bool>, so: &'static str) -> impl IntoView {
    view! {
        <Show when=move || when.get()>
            <Notice tone=Tone::Warn>
                <strong>"Upgrade needed. "</strong>
                {format!("Your organisation does not have the package {}: {so}. ", package.label())}
                <A href="/organisation">"See packages"</A>
            </Notice>
        </Show>
    }
}
