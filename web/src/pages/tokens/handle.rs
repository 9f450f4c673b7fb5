//! A handle for a token that is too long for where it has to go: made at wish, seen once.

use leptos::prelude::*;

use crate::{
    api::{
        client::use_api,
        organisation::Package,
        token_looks::{self, CreateHandleInput},
    },
    kit::{Button, CopyField, Doing, Trouble},
    pages::lacking::{Lacking, barred, use_lacking},
};

/// The button, and in its place what it made. Another `token` begins anew.
#[component]
pub(super) fn MakeHandle(#[prop(into)] token: Signal<String>) -> impl IntoView {
    let (api, doing) = (use_api(), Doing::new());
    let made = RwSignal::new(None::<String>);
    let lacking = use_lacking(Package::Secure);
    let barred = barred(Package::Secure, lacking);
    Effect::new(move |_| {
        token.track();
        made.set(None);
        doing.forget();
    });
    let press = move |_| {
        let of = token.get_untracked();
        let input = CreateHandleInput {
            token: of.trim().to_owned(),
        };
        doing.run(token_looks::create_handle(api, input), move |payload| {
            // The field may hold another one by now.
            if token.with_untracked(|token| *token == of) {
                made.set(payload.handle);
            }
        });
    };
    view! {
        <div class="stack-tight" role="status">
            {move || match made.get() {
                Some(handle) => view! {
                    <CopyField label="Handle" value=handle/>
                    <p class="field-hint">"It is shown this once. It stands for the token, and ends with it: whoever revokes the one revokes the other."</p>
                }.into_any(),
                None => view! {
                    <div><Button icon=icondata_lu::LuScissorsLineDashed busy=doing.busy barred on_press=press>"Make a handle"</Button></div>
                    <p class="field-hint">"24 characters that stand for the token, for SRT and cameras, which cut long ones."</p>
                }.into_any(),
            }}
            <Lacking package=Package::Secure when=lacking so="playback is open, and handles cannot be made"/>
            <Trouble doing/>
        </div>
    }
}
