//! Buttons. One primary per view; a dangerous one says what it does.

use icondata_core::Icon as Drawing;
use leptos::{ev::MouseEvent, prelude::*};

use super::Icon;

/// How much a button asks to be pressed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Look {
    Primary,
    #[default]
    Plain,
    Quiet,
    Danger,
}

impl Look {
    const fn class(self) -> &'static str {
        match self {
            Self::Primary => "btn btn-primary",
            Self::Plain => "btn",
            Self::Quiet => "btn btn-quiet",
            Self::Danger => "btn btn-danger",
        }
    }
}

/// A button. While `busy` it cannot be pressed again and says so. `barred`: why it would do nothing; then it says so, and
/// cannot be pressed.
#[component]
pub(crate) fn Button(
    #[prop(optional)] look: Look,
    #[prop(optional)] submit: bool,
    #[prop(into, optional)] busy: Signal<bool>,
    #[prop(into, optional)] barred: Signal<Option<String>>,
    /// Whether it is the press itself that bars it for a while: whoever pressed it by keyboard stays there.
    #[prop(optional)]
    keeps_focus: bool,
    #[prop(into, optional)] icon: Option<Drawing>,
    #[prop(into, optional)] on_press: Option<Callback<MouseEvent>>,
    children: Children,
) -> impl IntoView {
    let shut = Signal::derive(move || barred.with(Option::is_some) || busy.get());
    view! {
        <button
            type=if submit { "submit" } else { "button" }
            class=look.class()
            disabled=move || !keeps_focus && shut.get()
            title=move || barred.get()
            aria-disabled=move || (keeps_focus && shut.get()).then_some("true")
            aria-busy=move || busy.get().then_some("true")
            on:click=move |event| {
                if let Some(press) = on_press.filter(|_| !(keeps_focus && shut.get_untracked())) {
                    press.run(event);
                }
            }
        >
            {move || if busy.get() { view! { <span class="spinner"></span> }.into_any() } else { icon.map(|of| view! { <Icon of/> }).into_any() }}
            <span>{children()}</span>
        </button>
    }
}
