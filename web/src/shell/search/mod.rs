//! One box over everything: Ctrl-K or Cmd-K from any page, arrows and Enter inside.
//!
//! The field keeps the focus; the arrows move a mark through the list (the combobox pattern of WAI-ARIA).

mod hit;
mod list;
mod recent;

use std::time::Duration;

use leptos::{ev, html, leptos_dom::helpers::TimeoutHandle, prelude::*, task::spawn_local};
use leptos_router::{NavigateOptions, hooks::use_navigate};

pub(crate) use recent::forget;

use self::{hit::Hit, list::Results};
use crate::{
    api::{client::use_api, failure::Failure, people::Permission, search},
    browser,
    kit::{Button, Dialog, Empty, Icon, Notice, Tone},
    session::{may, use_person},
};

/// How long nothing must be typed before it is asked for.
const TYPED_FOR: Duration = Duration::from_millis(180);

/// The button that opens the box, and the box.
#[component]
pub(super) fn Search() -> impl IntoView {
    let open = RwSignal::new(false);
    let listening = window_event_listener(ev::keydown, move |event| {
        let wanted = (event.ctrl_key() || event.meta_key()) && !event.alt_key() && !event.shift_key();
        // Not over another dialog, which has the focus.
        if wanted && event.key().eq_ignore_ascii_case("k") && (open.get_untracked() || !browser::is_in_dialog()) {
            event.prevent_default();
            open.update(|open| *open = !*open);
        }
    });
    on_cleanup(move || listening.remove());
    view! {
        <button type="button" class="seek" aria-label="Search" aria-keyshortcuts="Control+K Meta+K" aria-haspopup="dialog" on:click=move |_| open.set(true)>
            <Icon of=icondata_lu::LuSearch/><span>"Search"</span><kbd aria-hidden="true">"Ctrl K"</kbd>
        </button>
        <Dialog open title="Search" wide=true><Seeker open/></Dialog>
    }
}

/// What the box shows.
#[derive(Clone, Debug, PartialEq)]
enum Shown {
    /// Nothing was asked for: what was opened of late.
    Recent(Vec<Hit>),
    /// What was found for a text, by kind, and how much there is of each kind.
    Found(String, Vec<Group>),
    Failed(Failure),
}

/// Hits of a kind.
#[derive(Clone, Debug, PartialEq)]
struct Group {
    label: &'static str,
    hits: Vec<Hit>,
    total: usize,
}

impl Shown {
    /// Every hit, from the top down.
    fn hits(&self) -> Vec<Hit> {
        match self {
            Self::Recent(hits) => hits.clone(),
            Self::Found(_, groups) => groups.iter().flat_map(|group| group.hits.clone()).collect(),
            Self::Failed(_) => Vec::new(),
        }
    }
}

#[component]
fn Seeker(open: RwSignal<bool>) -> impl IntoView {
    let (api, navigate) = (use_api(), use_navigate());
    let (text, asking) = (RwSignal::new(String::new()), RwSignal::new(false));
    let whose = use_person().with_untracked(|person| format!("{} {}", person.viewer.id.inner(), person.hash()));
    let recent = recent::read(&whose);
    let shown = RwSignal::new(Shown::Recent(recent.clone()));
    let at = RwSignal::new(0_usize);
    let waiting = StoredValue::new(None::<TimeoutHandle>);
    let ask = move || {
        let Some(wanted) = text.try_get_untracked().map(|text| text.trim().to_owned()) else {
            return;
        };
        if wanted.is_empty() {
            return;
        }
        asking.set(true);
        spawn_local(async move {
            let found = search::search(api, wanted.clone()).await;
            if text.try_get_untracked().is_none_or(|now| now.trim() != wanted) {
                return; // typed on, or closed
            }
            asking.set(false);
            at.set(0);
            shown.set(match found {
                Ok(found) => Shown::Found(wanted, hit::groups(found)),
                Err(failure) => Shown::Failed(failure),
            });
        });
    };
    let typed = move |_| {
        if let Some(before) = waiting.get_value() {
            before.clear();
        }
        if text.with_untracked(|text| text.trim().is_empty()) {
            asking.set(false);
            at.set(0);
            shown.set(Shown::Recent(recent.clone()));
        } else {
            waiting.set_value(set_timeout_with_handle(ask, TYPED_FOR).ok());
        }
    };
    let go = Callback::new(move |hit: Hit| {
        recent::remember(&whose, &hit);
        open.set(false);
        navigate(&hit.address, NavigateOptions::default());
    });
    let keys = move |event: ev::KeyboardEvent| {
        let hits = shown.with_untracked(Shown::hits);
        let Some(last) = hits.len().checked_sub(1) else {
            return;
        };
        let here = at.get_untracked().min(last);
        match event.key().as_str() {
            "ArrowDown" => at.set(if here == last { 0 } else { here + 1 }),
            "ArrowUp" => at.set(here.checked_sub(1).unwrap_or(last)),
            "Enter" => {
                // What is listed may be for what was typed before.
                if !asking.get_untracked() {
                    go.run(hits[here].clone());
                }
            }
            _ => return,
        }
        event.prevent_default();
        browser::reveal(&list::option_id(at.get_untracked()));
    };
    let some = Memo::new(move |_| shown.with(|shown| !shown.hits().is_empty()));
    let field = NodeRef::<html::Input>::new();
    Effect::new(move |_| {
        if let Some(field) = field.get() {
            request_animation_frame(move || drop(field.focus()));
        }
    });
    let over = over();
    view! {
        <div class="dialog-body seeker">
            <label class="search">
                <span class="sr-only">{format!("Search {over}")}</span>
                <Icon of=icondata_lu::LuSearch/>
                <input
                    node_ref=field type="text" role="combobox" autocomplete="off" autocapitalize="off" spellcheck="false" maxlength="200" enterkeyhint="go"
                    placeholder=format!("Search {over}") aria-autocomplete="list" aria-expanded=move || some.get().to_string()
                    aria-controls=move || some.get().then_some(list::ID)
                    aria-activedescendant=move || some.get().then(|| list::option_id(at.get()))
                    bind:value=text on:input=typed on:keydown=keys
                />
            </label>
            {move || match shown.get() {
                Shown::Recent(hits) if hits.is_empty() => view! {
                    <Empty icon=icondata_lu::LuSearch title="Find anything by its name" text=hint()/>
                }.into_any(),
                Shown::Recent(hits) => {
                    let total = hits.len();
                    view! { <Results groups=vec![Group { label: "Recent", hits, total }] at on_choose=go/> }.into_any()
                }
                Shown::Found(text, groups) if groups.is_empty() => view! {
                    <Empty icon=icondata_lu::LuSearchX title=format!("Nothing found for “{}”", short(&text)) text="Check the spelling, or try a shorter part of the name."/>
                }.into_any(),
                Shown::Found(_, groups) => view! { <Results groups at on_choose=go/> }.into_any(),
                Shown::Failed(failure) => view! {
                    <Notice tone=Tone::Bad>{failure.to_string()}</Notice>
                    <div><Button icon=icondata_lu::LuRotateCw on_press=move |_| ask()>"Try again"</Button></div>
                }.into_any(),
            }}
            <p class="sr-only" role="status">{move || told(&shown.get(), asking.get())}</p>
            <p class="seeker-keys" aria-hidden="true">
                <span><kbd>"↑"</kbd><kbd>"↓"</kbd>"choose"</span><span><kbd>"Enter"</kbd>"open"</span><span><kbd>"Esc"</kbd>"close"</span>
                <span class="seeker-asking" class:on=move || asking.get()>"Searching…"</span>
            </p>
        </div>
    }
}

/// What there is to hear.
fn told(shown: &Shown, asking: bool) -> String {
    match shown {
        _ if asking => "Searching".to_owned(),
        Shown::Recent(_) | Shown::Failed(_) => String::new(),
        Shown::Found(_, groups) => match groups.iter().map(|group| group.hits.len()).sum() {
            0 => "Nothing found".to_owned(),
            1 => "1 result".to_owned(),
            n => format!("{n} results"),
        },
    }
}

/// What the role's search is over.
fn over() -> &'static str {
    match (may(Permission::TokenRead), may(Permission::MemberRead)) {
        (_, true) => "streams, tokens, members and the audit log",
        (true, false) => "streams and tokens",
        (false, false) => "streams",
    }
}

fn hint() -> &'static str {
    match (may(Permission::TokenRead), may(Permission::MemberRead)) {
        (_, true) => {
            "Streams by name, title or tag; tokens by jti, viewer or label; members by name or address; what was done by operation or object."
        }
        (true, false) => "Streams by name, title or tag; tokens by jti, viewer or label.",
        (false, false) => "Streams by name, title or tag.",
    }
}

/// A text that fits a line.
fn short(text: &str) -> String {
    const MOST: usize = 40;
    if text.chars().count() <= MOST {
        return text.to_owned();
    }
    text.chars().take(MOST).chain(['…']).collect()
}
