//! Sentences that stand out: a hint, a warning, an error; and the place of what could not be loaded.

use leptos::prelude::*;

use super::{Button, Icon, Tone};
use crate::api::failure::Failure;

/// A sentence in a tinted box. Errors are read out at once.
#[component]
pub(crate) fn Notice(tone: Tone, children: Children) -> impl IntoView {
    let icon = match tone {
        Tone::Bad => icondata_lu::LuCircleAlert,
        Tone::Warn => icondata_lu::LuTriangleAlert,
        Tone::Good | Tone::Live => icondata_lu::LuCircleCheck,
        Tone::Calm => icondata_lu::LuInfo,
    };
    let role = matches!(tone, Tone::Bad).then_some("alert");
    view! {
        <div class="notice" data-tone=tone.word() role=role>
            <Icon of=icon/>
            <div>{children()}</div>
        </div>
    }
}

/// What stands where something could not be loaded. `asking`: whether it is asked for now; where that was pressed for, the
/// button says so, and stays where it is.
#[component]
pub(crate) fn Failed(
    #[prop(into)] failure: Signal<Failure>,
    #[prop(into, optional)] asking: Signal<bool>,
    #[prop(into)] on_again: Callback<()>,
) -> impl IntoView {
    let failure = failure.get_untracked();
    let (icon, title) = match &failure {
        Failure::Unreachable => (icondata_lu::LuCloudOff, "No connection"),
        Failure::NotFound => (icondata_lu::LuSearch, "Nothing here"),
        Failure::Forbidden | Failure::SignedOut | Failure::Package(_) => (icondata_lu::LuLockKeyhole, "Closed to you"),
        Failure::Refused(_) | Failure::Field { .. } | Failure::Slowed | Failure::Server => {
            (icondata_lu::LuTriangleAlert, "That did not work")
        }
    };
    let (again, text) = (failure.passes(), failure.to_string());
    let pressed = RwSignal::new(false);
    Effect::new(move |_| {
        if !asking.get() && pressed.get_untracked() {
            pressed.set(false);
        }
    });
    let busy = Signal::derive(move || pressed.get() && asking.get());
    let press = move |_| {
        pressed.set(true);
        on_again.run(());
    };
    view! {
        <div class="empty" role="alert">
            <span class="empty-mark"><Icon of=icon/></span>
            <p class="empty-title">{title}</p>
            <p class="empty-text">{text}</p>
            {again.then(|| view! {
                <div class="empty-act">
                    <Button icon=icondata_lu::LuRotateCw busy keeps_focus=true on_press=press>"Try again"</Button>
                </div>
            })}
        </div>
    }
}
