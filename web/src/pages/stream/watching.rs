//! The picture, as viewers get it: through the player, with a short token of the person's own.

use leptos::{ev, html, prelude::*, task::spawn_local};

use crate::{
    api::{client::use_api, failure::Failure, scalar::StreamState, tokens},
    browser,
    kit::{Failed, Skeleton},
};

/// The player. It is made once the stream is live, and then deals with interruptions by itself.
#[component]
pub(super) fn Watching(name: String, state: Memo<StreamState>) -> impl IntoView {
    let api = use_api();
    let name = StoredValue::new(name);
    let (token, failure) = (RwSignal::new(None::<String>), RwSignal::new(None::<Failure>));
    let ask = move || {
        failure.set(None);
        spawn_local(async move {
            match tokens::watch(api, name.get_value()).await {
                Ok(new) => drop(token.try_set(Some(new))),
                Err(refusal) => drop(failure.try_set(Some(refusal))),
            }
        });
    };
    let wanted =
        Memo::new(move |before: Option<&bool>| before.copied().unwrap_or(false) || state.get() == StreamState::Live);
    let closed = Memo::new(move |_| matches!(state.get(), StreamState::Locked | StreamState::Deleted));
    Effect::new(move |_| {
        if wanted.get() && !closed.get() {
            ask();
        } else {
            token.set(None);
        }
    });
    let source = format!("{}/live/{}", browser::origin(), name.get_value());
    let there = Memo::new(move |_| token.with(Option::is_some));
    view! {
        <section class="screen" aria-label="Picture">
            {move || {
                if let Some(failure) = failure.get() {
                    return view! { <Failed failure on_again=move |()| ask()/> }.into_any();
                }
                if !wanted.get() || closed.get() {
                    return view! { <Dark state/> }.into_any();
                }
                if !there.get() {
                    return view! { <Skeleton lines=1/> }.into_any();
                }
                html::custom("portcullis-player")
                    .attr("src", source.clone())
                    .attr("token", move || token.get())
                    .attr("label", "Live picture of the stream")
                    .on(ev::Custom::<web_sys::CustomEvent>::new("portcullis-token-expiring"), move |_| ask())
                    .into_any()
            }}
        </section>
    }
}

#[component]
fn Dark(state: Memo<StreamState>) -> impl IntoView {
    let (title, text) = match state.get_untracked() {
        StreamState::Stopped => ("Stopped", "No encoder is let in until the stream is started again."),
        StreamState::Locked => ("Locked", "Nobody is let in, neither encoder nor viewer."),
        _ => (
            "Not on air",
            "The picture appears here as soon as an encoder publishes.",
        ),
    };
    view! {
        <div class="screen-dark">
            <crate::logo::Mark/>
            <p class="empty-title">{title}</p>
            <p>{text}</p>
        </div>
    }
}
