//! A new playback token for a stream.

use leptos::{ev::SubmitEvent, prelude::*, task::spawn_local};

use super::token_made::TokenMade;
use crate::{
    api::{
        client::use_api,
        tokens::{self, Made, Token, Wish},
    },
    kit::{Button, Choice, Choices, Dialog, Look, Notice, TextField, Tone},
};

const LIFETIMES: [(i32, &str); 5] = [
    (900, "15 min"),
    (3600, "1 h"),
    (21_600, "6 h"),
    (86_400, "24 h"),
    (604_800, "7 days"),
];
const USUAL_LIFETIME_S: i32 = 3600;

/// The dialog: first what the token shall say, then the token, once.
#[component]
pub(super) fn NewToken(open: RwSignal<bool>, name: String, #[prop(into)] on_made: Callback<Token>) -> impl IntoView {
    let made = RwSignal::new(None::<Made>);
    Effect::new(move |_| {
        open.track();
        made.set(None); // seen once, and gone when the dialog is
    });
    let name = StoredValue::new(name);
    let title = Signal::derive(move || {
        if made.with(Option::is_some) {
            "Copy the token now"
        } else {
            "New playback token"
        }
        .to_owned()
    });
    let made_now = Callback::new(move |new: Made| {
        on_made.run(new.record.clone());
        made.set(Some(new));
    });
    view! {
        <Dialog open title wide=true>
            {move || match made.get() {
                None => view! { <Form open name=name.get_value() on_made=made_now/> }.into_any(),
                Some(made) => view! { <TokenMade made name=name.get_value() open/> }.into_any(),
            }}
        </Dialog>
    }
}

#[component]
fn Form(open: RwSignal<bool>, name: String, on_made: Callback<Made>) -> impl IntoView {
    let api = use_api();
    let (user, tag, ttl_s) = (
        RwSignal::new(String::new()),
        RwSignal::new(String::new()),
        RwSignal::new(USUAL_LIFETIME_S),
    );
    let (busy, failure) = (RwSignal::new(false), RwSignal::new(None::<String>));
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        busy.set(true);
        failure.set(None);
        let wish = Wish {
            ttl_s: ttl_s.get_untracked(),
            user: user.get_untracked(),
            tag: tag.get_untracked(),
        };
        let name = name.clone();
        spawn_local(async move {
            match tokens::create(api, name, wish).await {
                Ok(made) => on_made.run(made),
                Err(refusal) => drop(failure.try_set(Some(refusal.to_string()))),
            }
            busy.try_set(false);
        });
    };
    view! {
        <form on:submit=submit>
            <div class="dialog-body">
                <TextField label="Viewer" value=user placeholder="customer-4711" hint="Your own id of the viewer: sessions are traced by it, and all of its tokens can be revoked at once." autofocus=true/>
                <TextField label="Tag" value=tag placeholder="newsletter" hint="A label of your own, such as the campaign or the shop."/>
                <Choices
                    legend="Valid for"
                    options=LIFETIMES.map(|(seconds, label)| Choice::new(seconds, label)).to_vec()
                    chosen=ttl_s on_choose=move |seconds| ttl_s.set(seconds)
                />
                {move || failure.get().map(|text| view! { <Notice tone=Tone::Bad>{text}</Notice> })}
            </div>
            <footer class="dialog-foot">
                <Button on_press=move |_| open.set(false)>"Cancel"</Button>
                <Button look=Look::Primary submit=true busy>"Make token"</Button>
            </footer>
        </form>
    }
}
