//! Lists that arrive in pages, and the box that looks through them.

use std::{future::Future, time::Duration};

use leptos::{leptos_dom::helpers::TimeoutHandle, prelude::*, task::spawn_local};

use super::{Button, Icon, Load, use_toasts};
use crate::{
    api::{failure::Failure, page::Page},
    time,
};

const TYPED_FOR: Duration = Duration::from_millis(250);

/// "Show more", where there is more.
#[component]
pub(crate) fn More<T, A, F>(load: Load<Page<T>>, ask: A) -> impl IntoView
where
    T: Send + Sync + 'static,
    A: Fn(Option<String>) -> F + Copy + Send + Sync + 'static,
    F: Future<Output = Result<Page<T>, Failure>> + 'static,
{
    let (busy, toasts) = (RwSignal::new(false), use_toasts());
    let next = Memo::new(move |_| {
        load.value()
            .with(|page| page.as_ref().and_then(|page| page.next.clone()))
    });
    let barred = Signal::derive(move || load.wait());
    let press = move |_| {
        busy.set(true);
        let (asking, asked) = (ask(next.get_untracked()), load.question());
        spawn_local(async move {
            match asking.await {
                _ if load.question() != asked => {}
                Ok(new) => drop(load.value().try_update(|page| {
                    if let Some(page) = page {
                        page.nodes.extend(new.nodes);
                        page.next = new.next;
                    }
                })),
                Err(refusal) => toasts.bad(refusal.to_string()),
            }
            busy.try_set(false);
        });
    };
    view! {
        <Show when=move || next.with(Option::is_some)>
            <div class="more"><Button busy barred on_press=press>"Show more"</Button></div>
        </Show>
    }
}

/// Asks anew for as much of the list as has arrived; until all of it is there again, and where that fails, the list
/// stays as it is. What arrives too late is dropped: for another question than `question` holds by then, or after somebody
/// asked once more.
pub(crate) fn renew<T, Q, A, F>(load: Load<Page<T>>, question: Memo<Q>, ask: A)
where
    T: Send + Sync + 'static,
    Q: Clone + PartialEq + Send + Sync + 'static,
    A: Fn(Q, Option<String>) -> F + 'static,
    F: Future<Output = Result<Page<T>, Failure>> + 'static,
{
    replace(load, question, as_much(load, question.get_untracked(), ask));
}

/// As much of the list as has arrived, asked for anew.
pub(super) async fn as_much<T, Q, A, F>(load: Load<Page<T>>, asked: Q, ask: A) -> Result<Page<T>, Failure>
where
    T: Send + Sync + 'static,
    Q: Clone,
    A: Fn(Q, Option<String>) -> F,
    F: Future<Output = Result<Page<T>, Failure>>,
{
    let mut page = ask(asked.clone(), None).await?;
    let arrived = || {
        load.value()
            .try_with_untracked(|page| page.as_ref().map_or(0, |page| page.nodes.len()))
    };
    while let Some(after) = page.next.clone().filter(|_| arrived() > Some(page.nodes.len())) {
        let more = ask(asked.clone(), Some(after)).await?;
        page.nodes.extend(more.nodes);
        page.next = more.next;
    }
    Ok(page)
}

/// Shows what `asking` brings in the place of the list, if it is not too late, as [`renew`] says.
pub(super) fn replace<T, Q, F>(load: Load<Page<T>>, question: Memo<Q>, asking: F)
where
    T: Send + Sync + 'static,
    Q: Clone + PartialEq + Send + Sync + 'static,
    F: Future<Output = Result<Page<T>, Failure>> + 'static,
{
    let (asked, turn, number) = (question.get_untracked(), load.turn(), load.begin());
    spawn_local(async move {
        let (Ok(page), Some(number)) = (asking.await, number) else {
            return;
        };
        if question.try_get_untracked() == Some(asked) && load.turn() == turn {
            load.show(number, page);
        }
    });
}

/// What has arrived of the list so far.
pub(crate) fn nodes<T: Clone + PartialEq + Send + Sync + 'static>(load: Load<Page<T>>) -> Memo<Vec<T>> {
    Memo::new(move |_| {
        load.value()
            .with(|page| page.as_ref().map(|page| page.nodes.clone()).unwrap_or_default())
    })
}

/// How many there are in all, in words; nothing before that is known of what is asked for now.
pub(crate) fn counted<T: Send + Sync + 'static>(
    load: Load<Page<T>>,
    one: &'static str,
    many: &'static str,
) -> Signal<Option<String>> {
    Signal::derive(move || {
        if load.is_old() {
            return None;
        }
        let total = load.value().with(|page| page.as_ref().map(|page| page.total));
        total.map(|total| time::count(total, one, many))
    })
}

/// A box to look for something. `heard` hears what was typed once the typing rests.
#[component]
pub(crate) fn SearchBox(
    #[prop(into)] label: String,
    placeholder: &'static str,
    /// What is looked for now; it may be changed from elsewhere.
    #[prop(into)]
    text: Signal<String>,
    #[prop(into)] heard: Callback<String>,
) -> impl IntoView {
    let wanted = text;
    let text = RwSignal::new(wanted.get_untracked());
    Effect::new(move |_| {
        let wanted = wanted.get();
        if text.with_untracked(|text| text.trim() != wanted) {
            text.set(wanted);
        }
    });
    let waiting = StoredValue::new(None::<TimeoutHandle>);
    let typed = move |_| {
        if let Some(before) = waiting.get_value() {
            before.clear();
        }
        let tell = move || {
            if let Some(text) = text.try_get_untracked() {
                heard.run(text);
            }
        };
        waiting.set_value(set_timeout_with_handle(tell, TYPED_FOR).ok());
    };
    view! {
        <label class="search">
            <span class="sr-only">{label}</span>
            <Icon of=icondata_lu::LuSearch/>
            <input type="search" placeholder=placeholder bind:value=text on:input=typed/>
        </label>
    }
}
