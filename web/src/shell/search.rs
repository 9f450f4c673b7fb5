//! One box over everything: Ctrl-K or Cmd-K from any page, arrows and Enter inside.

use std::time::Duration;

use leptos::{ev, leptos_dom::helpers::TimeoutHandle, prelude::*, task::spawn_local};
use leptos_router::{NavigateOptions, hooks::use_navigate};

use crate::{
    api::{
        client::use_api,
        search::{self, SearchHit, SearchKind},
    },
    kit::{Dialog, Icon},
};

const TYPED_FOR: Duration = Duration::from_millis(180);

/// The kinds in the order in which they are listed.
const KINDS: [(SearchKind, &str, icondata_core::Icon); 5] = [
    (SearchKind::Stream, "Streams", icondata_lu::LuRadioTower),
    (SearchKind::Token, "Tokens", icondata_lu::LuTicket),
    (SearchKind::Member, "Members", icondata_lu::LuUsers),
    (SearchKind::Rule, "Rules", icondata_lu::LuShield),
    (SearchKind::Audit, "Audit log", icondata_lu::LuScrollText),
];

/// The button that opens the box, and the box.
#[component]
pub(super) fn Search() -> impl IntoView {
    let open = RwSignal::new(false);
    let listening = window_event_listener(ev::keydown, move |event| {
        if (event.ctrl_key() || event.meta_key()) && !event.alt_key() && event.key().eq_ignore_ascii_case("k") {
            event.prevent_default();
            open.update(|open| *open = !*open);
        }
    });
    on_cleanup(move || listening.remove());
    view! {
        <button type="button" class="seek" aria-keyshortcuts="Control+K Meta+K" on:click=move |_| open.set(true)>
            <Icon of=icondata_lu::LuSearch/><span>"Search"</span><kbd aria-hidden="true">"Ctrl K"</kbd>
        </button>
        <Dialog open title="Search" wide=true><Box open/></Dialog>
    }
}

#[component]
fn Box(open: RwSignal<bool>) -> impl IntoView {
    let (api, navigate) = (use_api(), use_navigate());
    let (text, hits) = (RwSignal::new(String::new()), RwSignal::new(Vec::<SearchHit>::new()));
    let (at, said) = (RwSignal::new(0_usize), RwSignal::new(String::new()));
    let waiting = StoredValue::new(None::<TimeoutHandle>);
    let ask = move || {
        let Some(wanted) = text.try_get_untracked().map(|text| text.trim().to_owned()) else {
            return;
        };
        if wanted.is_empty() {
            hits.set(Vec::new());
            said.set(String::new());
            return;
        }
        spawn_local(async move {
            let found = search::search(api, wanted.clone()).await;
            if text.try_get_untracked().is_none_or(|now| now.trim() != wanted) {
                return; // typed on, or closed
            }
            match found {
                Ok(found) => {
                    let found = sorted(found);
                    said.set(match found.len() {
                        0 => "Nothing found.".to_owned(),
                        1 => "1 result.".to_owned(),
                        n => format!("{n} results."),
                    });
                    at.set(0);
                    hits.set(found);
                }
                Err(failure) => said.set(failure.to_string()),
            }
        });
    };
    let typed = move |_| {
        if let Some(before) = waiting.get_value() {
            before.clear();
        }
        waiting.set_value(set_timeout_with_handle(ask, TYPED_FOR).ok());
    };
    let go = Callback::new(move |hit: SearchHit| {
        open.set(false);
        navigate(&address(&hit), NavigateOptions::default());
    });
    let keys = move |event: ev::KeyboardEvent| {
        let count = hits.with_untracked(Vec::len);
        match event.key().as_str() {
            "ArrowDown" if count > 0 => at.update(|at| *at = (*at + 1) % count),
            "ArrowUp" if count > 0 => at.update(|at| *at = at.checked_sub(1).unwrap_or(count - 1)),
            "Enter" => {
                if let Some(hit) = hits.with_untracked(|hits| hits.get(at.get_untracked()).cloned()) {
                    go.run(hit);
                }
            }
            _ => return,
        }
        event.prevent_default();
        if let Some(one) = crate::browser::element(&option_id(at.get_untracked())) {
            one.scroll_into_view_with_bool(false);
        }
    };
    let active = move || (!hits.with(Vec::is_empty)).then(|| option_id(at.get()));
    view! {
        <div class="dialog-body">
            <label class="search">
                <span class="sr-only">"Search streams, tokens, members and the audit log"</span>
                <Icon of=icondata_lu::LuSearch/>
                <input
                    type="text" role="combobox" autocomplete="off" spellcheck="false" autofocus=true placeholder="Streams, tokens, members, audit log"
                    aria-expanded=move || (!hits.with(Vec::is_empty)).to_string() aria-controls="search-hits" aria-autocomplete="list" aria-activedescendant=active
                    bind:value=text on:input=typed on:keydown=keys
                />
            </label>
            <div id="search-hits" class="hits" role="listbox" aria-label="Results">
                {move || hits.with(|hits| listed(hits, at, go))}
            </div>
            <p class="soft" role="status">{said}</p>
        </div>
    }
}

fn listed(hits: &[SearchHit], at: RwSignal<usize>, go: Callback<SearchHit>) -> impl IntoView + use<> {
    let groups = KINDS.into_iter().filter_map(|(kind, label, icon)| {
        let of_kind: Vec<_> = hits
            .iter()
            .cloned()
            .enumerate()
            .filter(|(_, hit)| hit.kind == kind)
            .collect();
        let rows = of_kind.into_iter().map(move |(index, hit)| {
            let chosen = hit.clone();
            view! {
                <div
                    id=option_id(index) class="hit" role="option" aria-selected=move || (at.get() == index).to_string()
                    on:click=move |_| go.run(chosen.clone()) on:mousemove=move |_| at.set(index)
                >
                    <Icon of=icon/>
                    <span class="hit-title">{hit.title}</span>
                    {hit.detail.map(|detail| view! { <span class="hit-detail">{detail}</span> })}
                </div>
            }
        });
        let rows: Vec<_> = rows.collect();
        (!rows.is_empty()).then(|| {
            view! { <div role="group" aria-label=label><p class="hit-kind" aria-hidden="true">{label}</p>{rows}</div> }
        })
    });
    groups.collect_view()
}

fn option_id(index: usize) -> String {
    format!("search-hit-{index}")
}

/// By kind, as they are listed, so that the arrows go down the list.
fn sorted(hits: Vec<SearchHit>) -> Vec<SearchHit> {
    let place = |hit: &SearchHit| KINDS.iter().position(|(kind, ..)| *kind == hit.kind);
    let mut hits = hits;
    hits.sort_by_key(place);
    hits
}

fn address(hit: &SearchHit) -> String {
    let encoded = |text: &str| String::from(js_sys::encode_uri_component(text));
    match (hit.kind, &hit.stream) {
        (SearchKind::Stream | SearchKind::Token, Some(stream)) => format!("/streams/{}", encoded(stream)),
        (SearchKind::Stream, None) => format!("/streams?q={}", encoded(&hit.title)),
        (SearchKind::Token | SearchKind::Rule, _) => "/tokens".to_owned(),
        (SearchKind::Member, _) => format!("/organisation/members?q={}", encoded(&hit.title)),
        (SearchKind::Audit, _) => format!("/audit?action={}", encoded(&hit.title)),
    }
}
