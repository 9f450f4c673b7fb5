//! A new stream, and then at once how to publish to it.

use leptos::{ev::SubmitEvent, prelude::*, task::spawn_local};

use crate::{
    api::{
        client::use_api,
        streams::{self, Stream},
    },
    kit::{Button, Dialog, Look, Notice, TextField, Tone},
    pages::stream::Ingest,
    session::use_person,
};

const ALIAS_MAX: usize = 40;

/// The dialog. `on_made` hears of the new stream before its instructions are shown.
#[component]
pub(super) fn CreateStream(open: RwSignal<bool>, #[prop(into)] on_made: Callback<Stream>) -> impl IntoView {
    let made = RwSignal::new(None::<Stream>);
    Effect::new(move |_| {
        if open.get() {
            made.set(None);
        }
    });
    let title = Signal::derive(move || {
        if made.with(Option::is_some) {
            "Ready for your encoder"
        } else {
            "New stream"
        }
        .to_owned()
    });
    let made_now = Callback::new(move |stream: Stream| {
        on_made.run(stream.clone());
        made.set(Some(stream));
    });
    view! {
        <Dialog open title wide=true>
            {move || match made.get() {
                None => view! { <Form open on_made=made_now/> }.into_any(),
                Some(stream) => view! { <Ready stream open/> }.into_any(),
            }}
        </Dialog>
    }
}

#[component]
fn Form(open: RwSignal<bool>, on_made: Callback<Stream>) -> impl IntoView {
    let api = use_api();
    let hash = use_person().with_untracked(crate::session::Person::hash);
    let (title, alias, tags) = (
        RwSignal::new(String::new()),
        RwSignal::new(String::new()),
        RwSignal::new(String::new()),
    );
    let (busy, failure) = (RwSignal::new(false), RwSignal::new(None::<String>));
    let alias_error = Signal::derive(move || alias.with(|alias| alias_fault(alias.trim())));
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        if alias_error.get_untracked().is_some() {
            return;
        }
        busy.set(true);
        failure.set(None);
        let tags = streams::tags_of(&tags.get_untracked());
        spawn_local(async move {
            match streams::create(api, title.get_untracked(), alias.get_untracked(), tags).await {
                Ok(stream) => on_made.run(stream),
                Err(refusal) => failure.set(Some(refusal.to_string())),
            }
            busy.try_set(false);
        });
    };
    view! {
        <form on:submit=submit>
            <div class="dialog-body">
                <TextField label="Title" value=title placeholder="Evening service" hint="What people see. It can be changed later." autofocus=true/>
                <TextField
                    label="Name" value=alias mono=true prefix=format!("{hash}-") placeholder="evening-service"
                    hint="Part of every address of the stream, and no secret. Left empty, one is made up." error=alias_error
                />
                <TextField label="Tags" value=tags placeholder="sports, berlin" hint="Separated by commas."/>
                {move || failure.get().map(|text| view! { <Notice tone=Tone::Bad>{text}</Notice> })}
            </div>
            <footer class="dialog-foot">
                <Button on_press=move |_| open.set(false)>"Cancel"</Button>
                <Button look=Look::Primary submit=true busy>"Create stream"</Button>
            </footer>
        </form>
    }
}

#[component]
fn Ready(stream: Stream, open: RwSignal<bool>) -> impl IntoView {
    let href = format!("/streams/{}", stream.name);
    view! {
        <div class="dialog-body">
            <p>"The stream "<strong>{stream.caption()}</strong>" exists. It goes live as soon as an encoder publishes to it."</p>
            <Ingest name=stream.name/>
        </div>
        <footer class="dialog-foot">
            <Button on_press=move |_| open.set(false)>"Close"</Button>
            <a class="btn btn-primary" href=href>"Open the stream"</a>
        </footer>
    }
}

fn alias_fault(alias: &str) -> Option<String> {
    if alias.len() > ALIAS_MAX {
        return Some(format!("At most {ALIAS_MAX} characters."));
    }
    let fits = alias
        .chars()
        .all(|letter| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_'));
    (!fits).then(|| "Letters, digits, hyphen and underscore only.".into())
}
