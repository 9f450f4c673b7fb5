//! The list of hits, by kind.

use leptos::prelude::*;

use super::{Group, hit::Hit};
use crate::kit::Icon;

/// The element's id.
pub(super) const ID: &str = "search-hits";

pub(super) fn option_id(index: usize) -> String {
    format!("search-hit-{index}")
}

/// Groups, each with its hits; the one `at` which Enter opens is marked.
#[component]
pub(super) fn Results(groups: Vec<Group>, at: RwSignal<usize>, on_choose: Callback<Hit>) -> impl IntoView {
    let mut next = 0;
    let groups = groups.into_iter().map(|group| {
        let (shown, total) = (group.hits.len(), group.total);
        let rows: Vec<_> = group
            .hits
            .into_iter()
            .map(|hit| {
                let index = next;
                next += 1;
                view! { <Line hit index at on_choose/> }
            })
            .collect();
        let note = (total > shown).then(|| view! { <span>{format!("{shown} of {total}")}</span> });
        view! {
            <div role="group" aria-label=group.label>
                <p class="hit-kind" aria-hidden="true">{group.label}{note}</p>
                {rows}
            </div>
        }
    });
    let groups: Vec<_> = groups.collect();
    view! { <div id=ID class="hits" role="listbox" aria-label="Results">{groups}</div> }
}

#[component]
fn Line(hit: Hit, index: usize, at: RwSignal<usize>, on_choose: Callback<Hit>) -> impl IntoView {
    let chosen = hit.clone();
    view! {
        <div
            id=option_id(index) class="hit" role="option" aria-selected=move || (at.get() == index).to_string()
            on:click=move |_| on_choose.run(chosen.clone()) on:mousemove=move |_| at.set(index)
        >
            <Icon of=hit.kind.icon()/>
            <span class="sr-only">{hit.kind.word()}</span>
            <span class="hit-title">{hit.title}</span>
            {(!hit.detail.is_empty()).then(|| view! { <span class="hit-detail">{hit.detail}</span> })}
        </div>
    }
}
