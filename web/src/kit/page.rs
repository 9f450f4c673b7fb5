//! The furniture of a page: its head, cards, and figures.

use leptos::prelude::*;
use leptos_meta::Title;

/// The head of a page: title of page and tab, what it is about, and its actions.
#[component]
pub(crate) fn PageHead(
    #[prop(into)] title: Signal<String>,
    /// What the browser's tab is called, where several pages share a head.
    #[prop(optional)]
    tab: Option<&'static str>,
    #[prop(into, optional)] lead: MaybeProp<String>,
    #[prop(optional)] children: Option<Children>,
) -> impl IntoView {
    let tab = Signal::derive(move || tab.map_or_else(|| title.get(), |tab| format!("{tab} · {}", title.get())));
    view! {
        <Title text=tab/>
        <header class="page-head">
            <div class="page-title">
                <h1 tabindex="-1">{title}</h1>
                {move || lead.get().map(|text| view! { <p>{text}</p> })}
            </div>
            {children.map(|children| view! { <div class="page-acts">{children()}</div> })}
        </header>
    }
}

/// A titled part of a page.
#[component]
pub(crate) fn Card(
    #[prop(into)] title: String,
    #[prop(into, optional)] acts: ViewFnOnce,
    #[prop(optional)] flush: bool,
    children: Children,
) -> impl IntoView {
    let id = super::field::fresh_id("card");
    let labelled = id.clone();
    view! {
        <section class="card" class:card-flush=flush aria-labelledby=labelled>
            <header class="card-head">
                <h2 id=id>{title}</h2>
                <div class="card-acts">{acts.run()}</div>
            </header>
            <div class="card-body">{children()}</div>
        </section>
    }
}

/// One figure that people watch.
#[component]
pub(crate) fn Stat(#[prop(into)] label: String, #[prop(into)] value: Signal<String>) -> impl IntoView {
    view! {
        <div class="stat">
            <dt>{label}</dt>
            <dd>{value}</dd>
        </div>
    }
}
