//! The name of somebody, in a table.

use leptos::prelude::*;

/// Somebody's name, cut where it is long; the whole name on hover.
#[component]
pub(crate) fn Name(#[prop(into)] of: String) -> impl IntoView {
    let whole = of.clone();
    view! { <span class="name ellipsis" title=whole>{of}</span> }
}
