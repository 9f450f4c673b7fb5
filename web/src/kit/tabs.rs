//! The parts of a subject that has several pages: links, so that each has its address.

use leptos::prelude::*;
use leptos_router::components::A;

/// A row of links; the one that is open is marked for eyes and for screen readers.
#[component]
pub(crate) fn Tabs(#[prop(into)] label: String, tabs: Vec<(&'static str, &'static str)>) -> impl IntoView {
    view! {
        <nav class="tabs" aria-label=label>
            <ul>
                {tabs.into_iter().map(|(to, text)| view! { <li><A href=to exact=true>{text}</A></li> }).collect_view()}
            </ul>
        </nav>
    }
}
