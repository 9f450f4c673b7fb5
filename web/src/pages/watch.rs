//! The watch page is a document of its own, so that a viewer need not load the dashboard. Where the server answers its
//! address with the dashboard, this leads there; the token stays in the fragment.

use leptos::prelude::*;

/// Leads to the watch page.
#[component]
pub(crate) fn Watch() -> impl IntoView {
    Effect::new(|_| {
        let fragment = window().location().hash().unwrap_or_default();
        let _ = window().location().replace(&format!("/watch.html{fragment}"));
    });
}
