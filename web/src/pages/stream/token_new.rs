//! A new playback token for a stream, with what most tokens need; the way to every claim is beside it.

use std::time::Duration;

use guard::lint::{Traits, lint};
use leptos::prelude::*;

use crate::{
    api::{
        client::use_api,
        organisation,
        token_making::{self, CreatePlaybackTokenInput, Made},
        tokens::Token,
    },
    kit::{Choice, Choices, Dialog, DialogForm, Doing, Load, TextField},
    pages::tokens::{Findings, TokenMade},
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
    let made = RwSignal::new(None::<(Made, CreatePlaybackTokenInput)>);
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
    let made_now = Callback::new(move |(new, input): (Made, CreatePlaybackTokenInput)| {
        on_made.run(new.record.clone());
        made.set(Some((new, input)));
    });
    view! {
        <Dialog open title wide=true>
            {move || match made.get() {
                None => view! { <Form open name=name.get_value() on_made=made_now/> }.into_any(),
                Some((made, input)) => view! { <TokenMade made input open/> }.into_any(),
            }}
        </Dialog>
    }
}

#[component]
fn Form(open: RwSignal<bool>, name: String, on_made: Callback<(Made, CreatePlaybackTokenInput)>) -> impl IntoView {
    let (api, doing) = (use_api(), Doing::new());
    let (user, tag, ttl_s) = (
        RwSignal::new(String::new()),
        RwSignal::new(String::new()),
        RwSignal::new(USUAL_LIFETIME_S),
    );
    let overview = Load::new(move || organisation::overview(api));
    let findings = Signal::derive(move || {
        let ends = overview.value();
        lint(&Traits {
            publishes: false,
            lifetime: Duration::from_secs(u64::try_from(ttl_s.get()).unwrap_or(0)),
            organisation_wide: false,
            has_ip: false,
            has_domains: false,
            has_user: user.with(|text| !text.trim().is_empty()),
            has_tag: tag.with(|text| !text.trim().is_empty()),
            revocable: true,
            force_disconnect: ends.with(|now| now.as_ref().is_some_and(|now| now.settings.force_disconnect)),
            is_static: false,
        })
    });
    let all = format!("/tokens/new?stream={name}");
    let submit = move |()| {
        let given =
            |text: RwSignal<String>| Some(text.get_untracked().trim().to_owned()).filter(|text| !text.is_empty());
        let input = CreatePlaybackTokenInput {
            streams: Some(vec![name.clone()]),
            ttl_seconds: Some(ttl_s.get_untracked()),
            user: given(user),
            tag: given(tag),
            ..CreatePlaybackTokenInput::default()
        };
        doing.run(token_making::make(api, false, input.clone()), move |made| {
            on_made.run((made, input));
        });
    };
    view! {
        <DialogForm doing open action="Make token" on_submit=submit>
            <TextField label="Viewer" value=user placeholder="customer-4711" hint="Your own id of the viewer: sessions are traced by it, and all of its tokens can be revoked at once." autofocus=true/>
            <TextField label="Tag" value=tag placeholder="newsletter" hint="A label of your own, such as the campaign or the shop."/>
            <Choices
                legend="Valid for"
                options=LIFETIMES.map(|(seconds, label)| Choice::new(seconds, label)).to_vec()
                chosen=ttl_s on_choose=move |seconds| ttl_s.set(seconds)
            />
            <section class="advice">
                <h3>"Linter"</h3>
                <Findings findings/>
                <p class="under-line"><a class="quiet-link" href=all>"Every claim: sites, addresses, uses, sessions…"</a></p>
            </section>
        </DialogForm>
    }
}
