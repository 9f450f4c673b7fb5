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
    /// What tells it from others on the page, where the title may not: no two may have one.
    #[prop(into, optional)]
    label: Option<String>,
    #[prop(into, optional)] acts: ViewFnOnce,
    #[prop(optional)] flush: bool,
    children: Children,
) -> impl IntoView {
    let id = super::field::fresh_id("card");
    let labelled = label.is_none().then(|| id.clone());
    view! {
        <section class="card" class:card-flush=flush aria-label=label aria-labelledby=labelled>
            <header class="card-head">
                <h2 id=id>{title}</h2>
                <div class="card-acts">{acts.run()}</div>
            </header>
            <div class="card-body">{children()}</div>
        </section>
    }
}

/// Names that tell things apart: each its own where no other has it, else one that says more, else a counted one. `taken` are
/// those of other things on the page.
pub(crate) fn told_apart(taken: &[&str], things: impl Iterator<Item = (String, String)>) -> Vec<String> {
    let things: Vec<_> = things.collect();
    let mut told: Vec<String> = Vec::new();
    for (name, more) in &things {
        let is_alone = things.iter().filter(|(other, _)| other == name).count() == 1;
        let name = if is_alone { name } else { more };
        let is_free = |one: &String| !told.contains(one) && !taken.contains(&one.as_str());
        let counted = (2..).map(|n| format!("{name} ({n})"));
        told.extend(std::iter::once(name.clone()).chain(counted).find(is_free));
    }
    told
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
