//! One box over everything: Ctrl-K or Cmd-K from any page, arrows and Enter inside.
//!
//! The field keeps the focus; the arrows move a mark through the list (the combobox pattern of WAI-ARIA).

mod hit;
mod list;
mod mark;
mod recent;
mod seek;

use leptos::{ev, html, prelude::*};
use leptos_router::{NavigateOptions, hooks::use_navigate};

pub(crate) use recent::forget;

use self::{
    hit::Hit,
    list::Hits,
    seek::{Group, Seek, Shown},
};
use crate::{
    api::{client::use_api, people::Permission},
    browser,
    kit::{Button, Dialog, Empty, Icon, Notice, Skeleton, Tone},
    session::{may, use_person},
};

/// What opens the box for who does not know its keys, and teaches them.
#[component]
pub(super) fn SearchButton(open: RwSignal<bool>) -> impl IntoView {
    let keys = if browser::is_apple() { "⌘ K" } else { "Ctrl K" };
    view! {
        <button type="button" class="seek" aria-keyshortcuts="Control+K Meta+K" aria-haspopup="dialog" on:click=move |_| open.set(true)>
            <Icon of=icondata_lu::LuSearch/><span>"Search"</span><kbd>{keys}</kbd>
        </button>
    }
}

/// The box, and its keys.
#[component]
pub(super) fn Search(open: RwSignal<bool>) -> impl IntoView {
    let listening = window_event_listener(ev::keydown, move |event| {
        let wanted = (event.ctrl_key() || event.meta_key()) && !event.alt_key() && !event.shift_key();
        // Not over another dialog, which has the focus.
        if wanted && event.key().eq_ignore_ascii_case("k") && (open.get_untracked() || !browser::is_in_dialog()) {
            event.prevent_default();
            open.update(|open| *open = !*open);
        }
    });
    on_cleanup(move || listening.remove());
    view! { <Dialog open title="Search" wide=true><Seeker open/></Dialog> }
}

#[component]
fn Seeker(open: RwSignal<bool>) -> impl IntoView {
    let navigate = use_navigate();
    let whose = use_person().with_untracked(|person| format!("{} {}", person.viewer.id.inner(), person.hash()));
    let seek = Seek::new(use_api(), recent::read(&whose));
    let field = NodeRef::<html::Input>::new();
    let to_field = move || {
        if let Some(field) = field.get_untracked() {
            let _ = field.focus();
        }
    };
    // Before the next key is told: what is typed right behind the keys of the box is for the field.
    Effect::new(move |_| field.get().map(|_| to_field()));
    let go = Callback::new(move |hit: Hit| {
        recent::remember(&whose, &hit);
        open.set(false);
        navigate(&hit.address, NavigateOptions::default());
        // Another view of the same page is a new page too: its reader begins there.
        request_animation_frame(browser::focus_main);
    });
    let again = move || {
        seek.ask();
        to_field();
    };
    let keys = move |event: ev::KeyboardEvent| {
        match event.key().as_str() {
            "ArrowDown" => seek.step(true),
            "ArrowUp" => seek.step(false),
            "Enter" if !event.is_composing() => match seek.chosen() {
                Some(hit) => go.run(hit),
                None if seek.shown.with_untracked(|shown| matches!(shown, Shown::Failed(_))) => again(),
                None => {}
            },
            _ => return,
        }
        event.prevent_default();
    };
    let some = Memo::new(move |_| seek.shown.with(|shown| !shown.hits().is_empty()));
    view! {
        <div class="seeker">
            <label class="seeker-field">
                <span class="sr-only">"Search "{over()}</span>
                {move || if seek.slow.get() { view! { <span class="spinner"></span> }.into_any() } else { view! { <Icon of=icondata_lu::LuSearch/> }.into_any() }}
                <input
                    node_ref=field type="text" role="combobox" autofocus=true autocomplete="off" autocapitalize="off" spellcheck="false" maxlength="200" enterkeyhint="go"
                    placeholder=format!("Search {}", over()) aria-autocomplete="list" aria-expanded=move || some.get().to_string()
                    aria-controls=move || some.get().then_some(list::ID)
                    aria-activedescendant=move || some.get().then(|| list::option_id(seek.at.get()))
                    bind:value=seek.text on:input=move |_| seek.typed() on:keydown=keys
                />
            </label>
            <div class="seeker-found" class:seeker-stale=move || seek.slow.get()>
                {move || shown(seek, go, again)}
            </div>
            <p class="sr-only" role="status">{move || told(seek)}</p>
            <p class="seeker-keys" aria-hidden="true">
                <span><kbd>"↑"</kbd><kbd>"↓"</kbd>"choose"</span><span><kbd>"Enter"</kbd>"open"</span><span><kbd>"Esc"</kbd>"close"</span>
            </p>
        </div>
    }
}

fn shown(seek: Seek, on_choose: Callback<Hit>, again: impl Fn() + Send + Sync + 'static) -> AnyView {
    let at = seek.at;
    match seek.shown.get() {
        Shown::Recent(hits) if hits.is_empty() => view! {
            <Show when=move || seek.slow.get() fallback=|| view! {
                <Empty icon=icondata_lu::LuSearch title="Find anything by its name" text=hint()/>
            }>
                <Skeleton lines=4/>
            </Show>
        }
        .into_any(),
        Shown::Recent(hits) => {
            let groups = vec![Group { label: "Recent", hits, total: None }];
            view! { <Hits groups at on_choose/> }.into_any()
        }
        Shown::Found(text, groups) if groups.is_empty() => view! {
            <Empty icon=icondata_lu::LuSearchX title=format!("Nothing found for “{}”", short(&text)) text="Check the spelling, or try a shorter part of the name."/>
        }
        .into_any(),
        Shown::Found(text, groups) => view! { <Hits groups text at on_choose/> }.into_any(),
        Shown::Failed(failure) => view! {
            <div class="seeker-failed">
                <Notice tone=Tone::Bad>{failure.to_string()}</Notice>
                <Button icon=icondata_lu::LuRotateCw on_press=move |_| again()>"Try again"</Button>
            </div>
        }
        .into_any(),
    }
}

/// What there is to hear.
fn told(seek: Seek) -> String {
    if seek.slow.get() {
        return "Still searching".to_owned();
    }
    seek.shown.with(|shown| match shown {
        Shown::Recent(_) | Shown::Failed(_) => String::new(),
        Shown::Found(..) => match shown.hits().len() {
            0 => "Nothing found".to_owned(),
            1 => "1 result".to_owned(),
            n => format!("{n} results"),
        },
    })
}

/// What the role's search is over.
fn over() -> &'static str {
    match (may(Permission::TokenRead), may(Permission::MemberRead)) {
        (_, true) => "streams, tokens and more",
        (true, false) => "streams, tokens and rules",
        (false, false) => "streams",
    }
}

fn hint() -> &'static str {
    match (may(Permission::TokenRead), may(Permission::MemberRead)) {
        (_, true) => {
            "Streams by name, title or tag; tokens by jti, viewer or label; rules by value or note; members by name or email; the audit log by action, object, request or address."
        }
        (true, false) => "Streams by name, title or tag; tokens by jti, viewer or label; rules by value or note.",
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
