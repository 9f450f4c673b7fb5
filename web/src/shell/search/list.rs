//! The list of hits, by kind.

use leptos::{ev, prelude::*};

use super::{
    hit::{Hit, Standing},
    mark,
    seek::Group,
};
use crate::{
    api::search,
    kit::{Icon, StateBadge, StatusBadge, When},
};

/// The list's id.
pub(super) const ID: &str = "search-hits";

pub(super) fn option_id(index: usize) -> String {
    format!("search-hit-{index}")
}

/// Groups, each with its hits; the one `at` which Enter opens is marked, and so is what has the text.
#[component]
pub(super) fn Hits(
    groups: Vec<Group>,
    #[prop(optional)] text: String,
    at: RwSignal<usize>,
    on_choose: Callback<Hit>,
) -> impl IntoView {
    let text = StoredValue::new(text);
    let mut indices = 0..;
    let groups = groups.into_iter().map(|group| {
        let note = note(&group);
        let hits = group.hits.into_iter().zip(indices.by_ref());
        let lines: Vec<_> = hits
            .map(|(hit, index)| view! { <Line hit index text at on_choose/> })
            .collect();
        view! {
            <div role="group" aria-label=group.label>
                <p class="hit-kind" aria-hidden="true">{group.label}{note.map(|note| view! { <span>{note}</span> })}</p>
                {lines}
            </div>
        }
    });
    let groups: Vec<_> = groups.collect();
    // The focus stays in the field, whatever is pressed here.
    let stay = |event: ev::MouseEvent| event.prevent_default();
    view! { <div id=ID class="hits" role="listbox" aria-label="Results" on:mousedown=stay>{groups}</div> }
}

#[component]
fn Line(
    hit: Hit,
    index: usize,
    text: StoredValue<String>,
    at: RwSignal<usize>,
    on_choose: Callback<Hit>,
) -> impl IntoView {
    let chosen = hit.clone();
    let detail =
        (!hit.detail.is_empty()).then(|| view! { <span class="hit-detail">{marked(&hit.detail, text)}</span> });
    view! {
        <div
            id=option_id(index) class="hit" role="option" aria-selected=move || (at.get() == index).to_string()
            on:click=move |_| on_choose.run(chosen.clone()) on:mousemove=move |_| at.set(index)
        >
            <Icon of=hit.kind.icon()/>
            <span class="hit-text"><span class="hit-title">{marked(&hit.title, text)}</span>" "{detail}</span>
            {hit.standing.map(shown)}
        </div>
    }
}

fn marked(shown: &str, text: StoredValue<String>) -> Vec<AnyView> {
    let pieces = text.with_value(|text| mark::pieces(shown, text)).into_iter();
    pieces
        .map(|(fits, piece)| {
            if fits {
                view! { <mark>{piece}</mark> }.into_any()
            } else {
                piece.into_any()
            }
        })
        .collect()
}

fn shown(standing: Standing) -> AnyView {
    match standing {
        Standing::Stream(state) => view! { <StateBadge state/> }.into_any(),
        Standing::Token(status) => view! { <StatusBadge status/> }.into_any(),
        Standing::Member(role) => view! { <span class="hit-end">{role.label()}</span> }.into_any(),
        Standing::Since(at) => view! { <span class="hit-end"><When at/></span> }.into_any(),
    }
}

/// How many there are, where not all are listed.
fn note(group: &Group) -> Option<String> {
    let total = group.total?;
    let listed = group.hits.len();
    let more = usize::try_from(total).is_ok_and(|total| total > listed);
    let at_least = if total < search::MOST { "" } else { "+" };
    more.then(|| format!("{listed} of {total}{at_least}"))
}
